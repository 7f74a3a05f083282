# SPDX-License-Identifier: Apache-2.0
"""The kernel's tables for unwinding, as they lie in the guest's own memory.

ORC (arch/x86/include/asm/orc_types.h, 6.12 and 7.2): sorted offsets of instructions, and for each
six bytes that say where the caller's stack pointer, frame pointer and address are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ktstr.introspect.snapshot.view import View

_ENTRY = struct.Struct("<hhH")
# registers in an entry
PREV_SP, DX, DI, BP, SP, R10, R13, BP_INDIRECT, SP_INDIRECT = range(1, 10)
# types of an entry
UNDEFINED, END_OF_STACK, CALL, REGS, REGS_PARTIAL = range(5)


@dataclass(frozen=True)
class Entry:
    """How to leave a frame: offsets, and from which register each counts."""

    sp_offset: int
    bp_offset: int
    sp_register: int
    bp_register: int
    type: int


class Orc:
    """Finds entries by bisection, since the whole tables are megabytes."""

    def __init__(self, view: View) -> None:
        """Raises UnknownName for a kernel without CONFIG_UNWINDER_ORC."""
        kernel = view.kernel
        self._view = view
        self._places = kernel.symbol("__start_orc_unwind_ip")
        self._entries = kernel.symbol("__start_orc_unwind")
        self._count = (kernel.symbol("__stop_orc_unwind_ip") - self._places) // 4
        self._known: dict[int, Entry | None] = {}

    def entry(self, address: int) -> Entry | None:
        """The entry for an instruction of the kernel's own text, None where there is none.

        Raises:
          MemoryFault: the tables cannot be read.
        """
        if address not in self._known:
            self._known[address] = self._find(address)
        return self._known[address]

    def _find(self, address: int) -> Entry | None:
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._place(middle) <= address:
                low = middle + 1
            else:
                high = middle
        if not low:
            return None
        data = self._view.memory.read(self._entries + _ENTRY.size * (low - 1), _ENTRY.size)
        sp, bp, bits = _ENTRY.unpack(data)
        return Entry(sp, bp, bits & 15, bits >> 4 & 15, bits >> 8 & 7)

    def _place(self, index: int) -> int:
        """The address that an entry is for: kept relative to where it is kept."""
        at = self._places + 4 * index
        data = self._view.memory.read(at, 4)
        return at + int.from_bytes(data, "little", signed=True)
