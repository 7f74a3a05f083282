# SPDX-License-Identifier: Apache-2.0
"""The plugin reads of the nodes' memory what the guest's page tables lead to, or not that way."""

from __future__ import annotations

import ctypes
import os

from absl.testing import absltest

from ktstr.introspect.plugin.encode import HEADER, encode
from ktstr.introspect.plugin.watch import KernelFacts, Watch

_MIB = 1 << 20
_IMAGE, _MAP = 0xFFFFFFFF80000000, 0xFFFF888000000000
_PAGE = 4096
# of the stub: two nodes of so many bytes, so that QEMU splits them at 2 GiB
_NODE = 1536 * _MIB
_ABOVE = 1 << 32
_FIRST = _IMAGE + 16 * _MIB


class RamTest(absltest.TestCase):
    library: ctypes.CDLL

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.library = ctypes.CDLL(os.path.abspath(os.environ["KTSTR_RAM_LIBRARY"]))
        cls.library.ram_read.restype = ctypes.c_bool
        cls.library.ram_read.argtypes = (ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint32)

    def begin(self, *offsets: int, wrong: bool = False, mapped: int = 0) -> None:
        """Has the pages of the nodes lie there, and the plugin learn of them."""
        places = (ctypes.c_uint64 * 2)(*offsets)
        self.library.stub_place(places, ctypes.c_uint64(mapped), wrong)
        facts = KernelFacts(_FIRST, 0, 0, 0, image=range(_FIRST, _FIRST + _PAGE))
        header = encode(Watch(1, facts))[: HEADER.size]
        area = (mapped or _MAP) + 16 * _MIB + 256
        self.library.ram_begin(header, ctypes.c_uint64(area))

    def read(self, address: int, size: int = 8) -> bytes | None:
        """What is there; None: not that way."""
        to = ctypes.create_string_buffer(size)
        return to.raw if self.library.ram_read(address, to, size) else None

    @staticmethod
    def page(node: int, at: int, size: int = 8) -> bytes:
        """Bytes of the page that is there of a node."""
        return bytes((7 * i + node) & 0xFF for i in range(at, at + size))

    def test_the_image_and_all_memory(self) -> None:
        self.begin(16 * _MIB, 0)
        self.assertEqual(self.read(_FIRST + 64), self.page(0, 64))
        self.assertEqual(self.read(_MAP + 16 * _MIB + 100), self.page(0, 100))
        # the second node begins below 4 GiB, where the first ends
        self.assertEqual(self.read(_MAP + _NODE + 8), self.page(1, 8))

    def test_what_lies_above_four_gib(self) -> None:
        # 2 GiB are below: 1.5 GiB of the first node, half a GiB of the second
        self.begin(16 * _MIB, 512 * _MIB)
        self.assertEqual(self.read(_MAP + _ABOVE + 40), self.page(1, 40))
        self.assertIsNone(self.read(_MAP + (2 << 30)))

    def test_what_is_not_there(self) -> None:
        self.begin(16 * _MIB, 0)
        for address in (
            0,
            4096,
            _MAP - 8,
            _MAP + _ABOVE + (1 << 30),
            _MAP + _ABOVE + (1 << 30) - 4,
            # modules, vmalloc
            _IMAGE + (1 << 30),
            0xFFFFC90000000000,
            _FIRST - 8,
            _FIRST + _PAGE,
            (1 << 64) - 4,
        ):
            self.assertIsNone(self.read(address), hex(address))
        # from one node into the next
        self.assertIsNone(self.read(_MAP + _NODE - 4))

    def test_where_the_guest_sees_otherwise_nothing_is_read_so(self) -> None:
        self.begin(16 * _MIB, 0, wrong=True)
        self.assertIsNone(self.read(_FIRST))
        self.begin(16 * _MIB, 0)
        self.assertIsNotNone(self.read(_FIRST))

    def test_memory_that_is_mapped_elsewhere(self) -> None:
        # nothing says so: what the plugin takes for the area of a CPU is not there
        self.begin(16 * _MIB, 0, mapped=0xFF11000000000000)
        self.assertIsNone(self.read(_FIRST))


if __name__ == "__main__":
    absltest.main()
