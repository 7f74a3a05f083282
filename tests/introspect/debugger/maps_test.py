# SPDX-License-Identifier: Apache-2.0
"""Maps of a guest's, laid out by hand: what is read of arrays, and keys of hashes."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.introspect.debugger.maps import Map
from ktstr.introspect.kernel.btf import Btf
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.snapshot.view import View
from tests.support.btf import BtfWriter
from tests.support.kernel_file import FileMemory

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_ARRAY = 0xFFFF_8880_0100_0000
_ENTRIES = 100_000


class _Counted(FileMemory):
    """Counts how often it is read."""

    reads = 0

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        return super().read(address, size)


class ArrayTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.memory = _Counted(_KERNEL)
        size = _KERNEL.field("bpf_array", "elem_size").offset
        self.memory.put(_ARRAY + size, struct.pack("<I", 8))
        values = _KERNEL.field("bpf_array", "value").offset
        self.memory.put(_ARRAY + values, struct.pack(f"<{_ENTRIES}Q", *range(_ENTRIES)))

    def array(self, kind: str = "ARRAY", entries: int = _ENTRIES) -> Map:
        writer = BtfWriter()
        u64 = writer.integer("u64", 8)
        btf = Btf(writer.data())
        view = View(_KERNEL, self.memory)
        return Map(view, _ARRAY, 1, "a", kind, 4, 8, entries, btf, 0, u64, 0)

    def test_no_more_is_read_than_is_told(self) -> None:
        told = self.array().json(32)
        self.assertEqual([each["value"] for each in told["elements"]], list(range(32)))
        self.assertEqual(told["more"], _ENTRIES - 32)
        self.assertLess(self.memory.reads, 40)

    def test_an_array_that_is_told_as_a_whole(self) -> None:
        told = self.array(entries=32).json(32)
        self.assertLen(told["elements"], 32)
        self.assertNotIn("more", told)

    def test_all_places_take_one_read(self) -> None:
        self.assertLen(list(self.array().elements()), _ENTRIES)
        self.assertLess(self.memory.reads, 5)

    def test_an_element_by_its_index(self) -> None:
        self.assertEqual(self.array()[77], 77)


class KeyTest(absltest.TestCase):
    """A hash whose keys are `struct part { u32 low; s32 high; }`."""

    def map(self, kind: str = "HASH", *, typed: bool = True) -> Map:
        writer = BtfWriter()
        u64 = writer.integer("u64", 8)
        low, high = writer.integer("u32", 4), writer.integer("s32", 4, signed=True)
        part = writer.compound("part", 8, [("low", low, 0), ("high", high, 32)])
        btf = Btf(writer.data())
        memory = FileMemory(_KERNEL)
        memory.put(_ARRAY, struct.pack("<Q", 77))
        key_type = part if typed else 0
        return Map(View(_KERNEL, memory), 0, 1, "m", kind, 8, 8, 4, btf, key_type, u64, 0)

    def test_an_element_by_the_members_of_its_key(self) -> None:
        there = [(struct.pack("<Ii", 3, -3), [_ARRAY])]
        with mock.patch.object(Map, "elements", side_effect=lambda: iter(there)):
            self.assertEqual(self.map()[3, -3], 77)
            self.assertEqual(self.map()[struct.pack("<Ii", 3, -3)], 77)
            with self.assertRaisesRegex(UnknownName, r"map 'm' has no element \(3, 3\)"):
                self.map()[3, 3]

    def test_what_is_no_key(self) -> None:
        with self.assertRaisesRegex(UnknownName, "map 'm': a key has 2 numbers, not 1: low, high"):
            self.map()[3,]
        with self.assertRaisesRegex(UnknownName, "has no types of its keys: give bytes"):
            self.map(typed=False)[3, -3]
        with self.assertRaisesRegex(UnknownName, "map 'm' has keys of one number"):
            self.map("ARRAY")[3, -3]


if __name__ == "__main__":
    absltest.main()
