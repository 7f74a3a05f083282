# SPDX-License-Identifier: Apache-2.0
"""Memory as a CPU sees it: the kernel's half by the kernel's tables, programs' by its own."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.instant.stand import KERNEL_HALF, Stand
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.memory.paging import PAGE, PagedMemory, Tables

_LA57 = 1 << 12  # of cr4
_ROOT = ((1 << 52) - 1) & ~(PAGE - 1)  # of cr3


@dataclass(frozen=True)
class Space:
    """Of one CPU of a guest that stands."""

    stand: Stand
    cpu: int

    def read(self, address: int, size: int) -> bytes:
        """As much from there on as can be read; raises MemoryFault where that is nothing."""
        memory = self._of(address)
        try:
            return memory.read(address, size)
        except MemoryFault:
            # up to the end of the page: gdb asks for more than it needs
            left = PAGE - address % PAGE
            if left >= size:
                raise
            return memory.read(address, left)

    def write(self, address: int, data: bytes) -> None:
        """Raises MemoryFault where it cannot be written."""
        self._of(address).write(address, data)

    def _of(self, address: int) -> PagedMemory:
        memory = self.stand.memory
        if memory is None:
            raise MemoryFault("find", address, 1, "the kernel has no page tables yet")
        if address >= KERNEL_HALF:
            return memory
        registers = self.stand.registers(self.cpu)
        if not {"cr3", "cr4"} <= registers.keys():
            raise MemoryFault("find", address, 1, f"CPU {self.cpu} does not tell its page tables")
        levels = 5 if registers["cr4"] & _LA57 else 4
        return PagedMemory(memory.physical, Tables(registers["cr3"] & _ROOT, levels))
