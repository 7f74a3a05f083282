# SPDX-License-Identifier: Apache-2.0
"""Walks through page tables: right where they are right, and ended whatever they hold."""

import random

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.memory.paging import (
    KERNEL_MAP,
    LARGEST,
    PAGE,
    PagedMemory,
    Tables,
    kernel_tables,
)

RAM = 24 * PAGE
PRESENT, LARGE = 1, 1 << 7
TOP = 0xFFFF_8000_0000_0000


class Ram:
    """Some pages of memory, in which tables are laid."""

    def __init__(self, data: bytes = bytes(RAM)) -> None:
        self.data = bytearray(data)
        self.reads = 0

    def read(self, physical: int, size: int) -> bytes:
        self.reads += 1
        if not 0 <= physical <= len(self.data) - size:
            raise MemoryFault("read physical", physical, size, "it is not RAM")
        return bytes(self.data[physical : physical + size])

    def write(self, physical: int, data: bytes) -> None:
        self.read(physical, len(data))
        self.data[physical : physical + len(data)] = data

    def entry(self, table: int, index: int, value: int) -> None:
        self.write(table + 8 * index, value.to_bytes(8, "little"))


def mapped(levels: int) -> Ram:
    """Two pages at TOP that are at physical 0x14000 and, before it, 0x10000, one level a page."""
    ram = Ram()
    # the canonical address of five levels begins elsewhere: its indices are those below
    for level in range(levels, 1, -1):
        index = _index(_top(levels), level)
        ram.entry(PAGE * level, index, PAGE * (level - 1) | PRESENT)
    ram.entry(PAGE, _index(_top(levels), 1), 0x14000 | PRESENT)
    ram.entry(PAGE, _index(_top(levels), 1) + 1, 0x10000 | PRESENT | 1 << 63)
    return ram


def _top(levels: int) -> int:
    return TOP if levels == 4 else 0xFF00_0000_0000_0000


def _index(address: int, level: int) -> int:
    return address >> (12 + 9 * (level - 1)) & 511


class PagingTest(parameterized.TestCase):
    @parameterized.parameters(4, 5)
    def test_pages_that_are_apart_are_read_and_written_as_one(self, levels: int) -> None:
        ram, address = mapped(levels), _top(levels)
        memory = PagedMemory(ram, Tables(PAGE * levels, levels))
        memory.write(address + PAGE - 2, b"abcd")
        self.assertEqual(ram.read(0x14FFE, 2) + ram.read(0x10000, 2), b"abcd")
        self.assertEqual(memory.read(address + PAGE - 3, 6), b"\0abcd\0")
        self.assertEqual(memory.translate(address + 5), 0x14005)

    def test_large_pages(self) -> None:
        ram = Ram()
        ram.entry(4 * PAGE, _index(TOP, 4), 3 * PAGE | PRESENT)
        ram.entry(3 * PAGE, 0, 1 << 30 | PRESENT | LARGE)
        ram.entry(3 * PAGE, 1, 2 * PAGE | PRESENT)
        # bit 12 of a large page's entry is one of its attributes, not of its place
        ram.entry(2 * PAGE, 0, 1 << 21 | 1 << 12 | PRESENT | LARGE)
        memory = PagedMemory(ram, Tables(4 * PAGE, 4))
        self.assertEqual(memory.translate(TOP + 0x12345), (1 << 30) + 0x12345)
        self.assertEqual(memory.translate(TOP + (1 << 30) + 0x12345), (1 << 21) + 0x12345)

    @parameterized.parameters(
        (TOP + 2 * PAGE, 8, r"8 bytes at 0xffff800000002000: nothing is mapped there \(level 1"),
        (TOP + 2 * PAGE - 4, 8, "nothing is mapped there"),
        (0x1234_0000_0000_0000, 1, "no address that this machine can have"),
        ((1 << 64) - 4, 8, "beyond the last address"),
        (TOP, LARGEST + 1, "more than"),
        (TOP, -1, "more than"),
    )
    def test_what_cannot_be_read_is_explained(self, address: int, size: int, why: str) -> None:
        memory = PagedMemory(mapped(4), Tables(4 * PAGE, 4))
        with self.assertRaisesRegex(MemoryFault, why):
            memory.read(address, size)

    def test_a_page_outside_of_ram_is_a_fault_of_its_virtual_address(self) -> None:
        ram = mapped(4)
        ram.entry(PAGE, 0, 1 << 40 | PRESENT)
        with self.assertRaisesRegex(MemoryFault, "0xffff800000000010: it is not RAM"):
            PagedMemory(ram, Tables(4 * PAGE, 4)).read(TOP + 16, 8)

    def test_only_of_a_guest_that_stands_a_page_is_looked_up_once(self) -> None:
        for stands, reads in ((False, 10), (True, 6)):
            ram = mapped(4)
            memory = PagedMemory(ram, Tables(4 * PAGE, 4), stands=stands)
            ram.reads = 0
            memory.read(TOP, 8)
            memory.read(TOP + 8, 8)
            self.assertEqual(ram.reads, reads)

    def test_pages_of_a_guest_that_has_run_are_looked_up_anew(self) -> None:
        ram = mapped(4)
        memory = PagedMemory(ram, Tables(4 * PAGE, 4), stands=True)
        memory.read(TOP, 8)
        memory.forget()
        ram.reads = 0
        memory.read(TOP, 8)
        self.assertEqual(ram.reads, 5)

    @parameterized.parameters((None, 48, 5), (None, 39, 4), (1 << 12, 39, 5), (0, 48, 4))
    def test_the_kernel_says_how_many_levels_it_has(
        self, cr4: int | None, shift: int, levels: int
    ) -> None:
        ram = Ram()
        ram.entry(PAGE, 0, shift)
        ram.entry(PAGE, 1, 0x3000)
        image = KERNEL_MAP + PAGE
        self.assertEqual(
            kernel_tables(ram, KERNEL_MAP + 0x5000, image + 8, cr4, image),
            Tables(0x8000, levels),
        )
        with self.assertRaisesRegex(MemoryFault, "no address of the kernel's image"):
            kernel_tables(ram, KERNEL_MAP, 0x1000, cr4, None)

    @settings(deadline=None, derandomize=True)
    @given(st.integers(0, 1 << 32), st.integers(0, (1 << 64) - 1), st.sampled_from((4, 5)))
    def test_any_tables_end_a_walk(self, seed: int, address: int, levels: int) -> None:
        # each entry is there and leads to some page of RAM: so into tables, itself, circles
        chance = random.Random(seed)
        ram = Ram()
        for at in range(0, RAM, 8):
            entry = chance.randrange(RAM + PAGE) | PRESENT | chance.choice((0, LARGE, 1 << 63))
            ram.data[at : at + 8] = entry.to_bytes(8, "little")
        memory = PagedMemory(ram, Tables(chance.randrange(RAM), levels))
        try:
            memory.read(address, 64)
        except MemoryFault:
            pass
        self.assertLessEqual(ram.reads, 2 * (levels + 1))


if __name__ == "__main__":
    absltest.main()
