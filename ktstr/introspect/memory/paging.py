# SPDX-License-Identifier: Apache-2.0
"""The kernel's virtual addresses, by the page tables of the guest itself.

x86-64, four or five levels (Intel SDM vol. 3A, 4.5; Linux's arch/x86/include/asm/pgtable_types.h):
each level takes 9 bits of an address and has one entry in 8 bytes, whose bit 0 says that it is
there, bit 7 of level 2 and 3 that it maps a large page itself, bits 12 to 51 where. A walk takes as
many steps as there are levels, whatever the tables say, so tables that lead in a circle end it too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ktstr.introspect.memory.memory import MemoryFault, PhysicalMemory

PAGE_SHIFT = 12
PAGE = 1 << PAGE_SHIFT
# Linux's __START_KERNEL_map (arch/x86/include/asm/page_64_types.h): where the kernel's image is
# mapped, `phys_base` below what its symbols say.
KERNEL_MAP = 0xFFFF_FFFF_8000_0000
_IMAGE_BYTES = 1 << 30
_PRESENT, _LARGE = 1 << 0, 1 << 7
_FRAME = ((1 << 52) - 1) & ~(PAGE - 1)
_LEVEL_BITS = 9
_LEAF_LEVELS = (2, 3)  # whose entries may map 2 MiB and 1 GiB
# What a reader asks for at once at most, as of a process.
LARGEST = 64 << 20


@dataclass(frozen=True)
class Tables:
    """Where the tables begin.

    Attributes:
      root: physical address of the top one.
      levels: 4 or 5.
    """

    root: int
    levels: int


@dataclass
class PagedMemory:
    """Memory by virtual addresses.

    Attributes:
      physical: where tables and bytes are.
      tables: of the address space.
      stands: whether the guest does not run while it is read: then a page is looked up once only.
    """

    physical: PhysicalMemory
    tables: Tables
    stands: bool = False
    _known: dict[int, tuple[int, int]] = field(default_factory=dict)

    def read(self, address: int, size: int) -> bytes:
        """Bytes by their virtual address.

        Raises:
          MemoryFault: a page of them is not mapped, or is no RAM.
        """
        _check("read", address, size)
        parts = []
        at, left = address, size
        while left:
            physical, run = self._run("read", address, size, at, left)
            try:
                parts.append(self.physical.read(physical, run))
            except MemoryFault as fault:
                raise MemoryFault("read", address, size, fault.reason) from None
            at, left = at + run, left - run
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, address: int, data: bytes) -> None:
        """Writes bytes; whether the guest itself may write there does not matter.

        Raises:
          MemoryFault: a page of them is not mapped, or is no RAM; those before it are written.
        """
        _check("write", address, len(data))
        done = 0
        while done < len(data):
            left = len(data) - done
            physical, run = self._run("write", address, len(data), address + done, left)
            try:
                self.physical.write(physical, data[done : done + run])
            except MemoryFault as fault:
                raise MemoryFault("write", address, len(data), fault.reason) from None
            done += run

    def forget(self) -> None:
        """From now on pages are looked up anew: the guest has run since."""
        self._known.clear()

    def translate(self, address: int) -> int:
        """The physical address.

        Raises:
          MemoryFault: no page is mapped there, or the tables themselves cannot be read.
        """
        return self._run("translate", address, 1, address, 1)[0]

    def _run(self, what: str, address: int, size: int, at: int, left: int) -> tuple[int, int]:
        """Physical address of `at`, and how many of the `left` bytes follow in the same page."""
        page = at >> PAGE_SHIFT
        found = self._known.get(page) if self.stands else None
        if found is None:
            try:
                found = self._walk(at)
            except MemoryFault as fault:
                raise MemoryFault(what, address, size, fault.reason) from None
            if self.stands:
                self._known[page] = found
        base, large = found
        inside = at & (large - 1)
        return base + inside, min(left, large - inside)

    def _walk(self, address: int) -> tuple[int, int]:
        """Physical address and size of the page that has `address`."""
        top = PAGE_SHIFT + _LEVEL_BITS * self.tables.levels
        if address >> (top - 1) not in (0, (1 << (64 - top + 1)) - 1):
            raise MemoryFault("walk to", address, 1, "no address that this machine can have")
        table = self.tables.root
        for level in range(self.tables.levels, 0, -1):
            shift = PAGE_SHIFT + _LEVEL_BITS * (level - 1)
            index = address >> shift & ((1 << _LEVEL_BITS) - 1)
            entry = int.from_bytes(self.physical.read(table + 8 * index, 8), "little")
            if not entry & _PRESENT:
                raise MemoryFault(
                    "walk to", address, 1, f"nothing is mapped there (level {level}: {entry:#x})"
                )
            if level == 1 or (level in _LEAF_LEVELS and entry & _LARGE):
                large = 1 << shift
                return entry & _FRAME & ~(large - 1), large
            table = entry & _FRAME
        raise AssertionError("the last level maps a page")


def kernel_tables(
    physical: PhysicalMemory, init_top_pgt: int, phys_base: int, cr4: int | None, shift: int | None
) -> Tables:
    """The tables that Linux keeps for itself, which every task's have a copy of.

    Args:
      physical: the guest's memory.
      init_top_pgt: address of that symbol.
      phys_base: address of that symbol, 0 for a kernel that has none.
      cr4: a vCPU's register, None where no registers are known.
      shift: address of the symbol `pgdir_shift`, None for a kernel that has none: four levels.

    Raises:
      MemoryFault: the kernel's image cannot be read.
    """
    moved = _image_u64(physical, phys_base) if phys_base else 0
    root = init_top_pgt - KERNEL_MAP + moved
    if cr4 is not None:
        five = bool(cr4 >> 12 & 1)  # CR4.LA57
    else:
        five = shift is not None and _image_u64(physical, shift) & 0xFFFF_FFFF == 48
    return Tables(root, 5 if five else 4)


def image_address(symbol: int, moved: int = 0) -> int:
    """Physical address of what lies in the kernel's image.

    Raises:
      MemoryFault: no such address is in an image.
    """
    inside = symbol - KERNEL_MAP
    if not 0 <= inside < _IMAGE_BYTES:
        raise MemoryFault("find", symbol, 8, "no address of the kernel's image")
    return inside + moved


def _image_u64(physical: PhysicalMemory, symbol: int) -> int:
    return int.from_bytes(physical.read(image_address(symbol), 8), "little")


def _check(what: str, address: int, size: int) -> None:
    if not 0 <= size <= LARGEST:
        raise MemoryFault(what, address, size, f"more than {LARGEST} bytes at once")
    if not 0 <= address <= (1 << 64) - size:
        raise MemoryFault(what, address, size, "beyond the last address there is")
