# SPDX-License-Identifier: Apache-2.0
"""A kernel's tables of numbered objects, laid out by hand, sound and corrupt."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.debugger.objects import Btfs, numbered
from ktstr.introspect.kernel.errors import BtfError
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View
from tests.support.btf import BtfWriter
from tests.support.kernel_file import FileMemory

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_NODES = 0xFFFF_8880_0001_0000
_OBJECT = 0xFFFF_8880_0100_0000


class ObjectsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.memory = FileMemory(_KERNEL)
        self.view = View(_KERNEL, self.memory)

    def head(self, entry: int) -> None:
        at = _KERNEL.symbol("map_idr") + _KERNEL.field("idr", "idr_rt.xa_head").offset
        self.memory.put(at, struct.pack("<Q", entry))

    def node(self, number: int, slots: dict[int, int]) -> int:
        """A node, and the entry that leads to it."""
        node = bytearray(_KERNEL.size_of("xa_node"))
        for slot, entry in slots.items():
            at = _KERNEL.field("xa_node", "slots").offset + 8 * slot
            struct.pack_into("<Q", node, at, entry)
        return self.memory.put(_NODES + 4096 * number, bytes(node)) + 2

    def found(self) -> list[int]:
        return list(numbered(self.view, "map_idr"))

    def test_an_empty_table_and_one_object(self) -> None:
        self.head(0)
        self.assertEqual(self.found(), [])
        self.head(_OBJECT)
        self.assertEqual(self.found(), [_OBJECT])

    def test_a_tree_in_the_order_of_its_numbers(self) -> None:
        first = self.node(1, {0: _OBJECT, 63: _OBJECT + 64})
        second = self.node(2, {5: _OBJECT + 128, 7: 0x2A << 1 | 1, 9: 6})
        self.head(self.node(0, {0: first, 1: second}))
        self.assertEqual(self.found(), [_OBJECT, _OBJECT + 64, _OBJECT + 128])

    def test_a_tree_that_leads_back_ends(self) -> None:
        self.head(self.node(0, {3: _NODES + 2}))
        with self.assertRaisesRegex(MemoryFault, "the tree of map_idr does not end"):
            self.found()

    def test_a_node_that_is_not_there(self) -> None:
        self.head(_NODES + 4096 * 9 + 2)
        with self.assertRaises(MemoryFault):
            self.found()

    def btf(self, size: int, data: bytes) -> int:
        body = bytearray(_KERNEL.size_of("btf"))
        place = self.memory.put(_OBJECT + 0x2000, data)
        struct.pack_into("<Q", body, _KERNEL.field("btf", "data").offset, place)
        struct.pack_into("<I", body, _KERNEL.field("btf", "data_size").offset, size)
        return self.memory.put(_OBJECT + 0x1000, bytes(body))

    def test_types_from_the_guest(self) -> None:
        writer = BtfWriter()
        number = writer.compound("mine", 4, [("a", writer.integer("int", 4), 0)])
        data = writer.data()
        btfs = Btfs(self.view)
        found = btfs.at(self.btf(len(data), data))
        self.assertEqual(found.type(number).name, "mine")
        self.assertIs(btfs.at(_OBJECT + 0x1000), found)

    def test_types_that_are_too_many_or_none(self) -> None:
        with self.assertRaisesRegex(BtfError, "4294967295 bytes of types, a kernel takes 16777216"):
            Btfs(self.view).at(self.btf(0xFFFFFFFF, b"x"))
        with self.assertRaisesRegex(BtfError, "begins with 0x0, version 0"):
            Btfs(self.view).at(self.btf(64, bytes(64)))


if __name__ == "__main__":
    absltest.main()
