# SPDX-License-Identifier: Apache-2.0
"""The tables by which a kernel unwinds its own stacks (ORC), as they lie in its file.

arch/x86/include/asm/orc_types.h and arch/x86/kernel/unwind_orc.c, Linux 6.4 to 7.2.  Kernels number
their registers in two ways (6.12, 7.2), and do not say which.  But at a function's first
instruction the caller's stack begins 8 above the stack pointer, so the number that stands there is
that of SP.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

from ktstr.introspect.kernel.kernel import Kernel

_ENTRY = struct.Struct("<hhH")
# a function of every kernel, which is no code of assembler and has no other way in
_ANY_FUNCTION = "schedule_timeout"


class FrameType(IntEnum):
    """ORC_TYPE_*: what a frame is."""

    UNDEFINED = 0
    END_OF_STACK = 1
    CALL = 2
    REGS = 3
    REGS_PARTIAL = 4


class Base(Enum):
    """ORC_REG_*: what an offset is added to."""

    UNDEFINED = auto()
    PREV_SP = auto()
    AX = auto()
    DX = auto()
    DI = auto()
    BP = auto()
    SP = auto()
    R10 = auto()
    R13 = auto()
    BP_INDIRECT = auto()
    SP_INDIRECT = auto()


_NUMBERINGS = (
    # 6.12
    (
        Base.UNDEFINED, Base.PREV_SP, Base.DX, Base.DI, Base.BP, Base.SP, Base.R10, Base.R13,
        Base.BP_INDIRECT, Base.SP_INDIRECT,
    ),
    # 7.2
    (
        Base.UNDEFINED, Base.AX, Base.DX, Base.SP, Base.BP, Base.DI, Base.R10, Base.R13,
        Base.PREV_SP, Base.SP_INDIRECT, Base.BP_INDIRECT,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Orc:
    """How the frame around an instruction lies on the stack; a base of None is not known.

    type: a FrameType, or a number that is none.
    """

    sp_offset: int
    bp_offset: int
    sp_base: Base | None
    bp_base: Base | None
    type: int


class OrcTables:
    """The unwinding tables of one kernel; empty where it has none."""

    def __init__(self, kernel: Kernel) -> None:
        places = kernel.elf.sections.get(".orc_unwind_ip")
        self._start = places.address if places else 0
        self._ips = kernel.elf.bytes_of(".orc_unwind_ip")
        self._ips = self._ips[: len(self._ips) // 4 * 4].cast("i")
        self._entries = kernel.elf.bytes_of(".orc_unwind")
        self._bases = self._numbering(kernel)

    def at(self, address: int) -> Orc | None:
        """How the frame around an instruction lies; None where the kernel has no entry for it."""
        found = self._entry(address)
        if found is None:
            return None
        sp, bp, bits = found
        return Orc(sp, bp, self._base(bits & 15), self._base(bits >> 4 & 15), bits >> 8 & 7)

    def _entry(self, address: int) -> tuple[int, int, int] | None:
        number = bisect_right(range(len(self._ips)), address, key=self._place) - 1
        if number < 0 or (number + 1) * _ENTRY.size > len(self._entries):
            return None
        sp, bp, bits = _ENTRY.unpack_from(self._entries, number * _ENTRY.size)
        return sp, bp, bits

    def _place(self, number: int) -> int:
        return self._start + 4 * number + self._ips[number]

    def _base(self, number: int) -> Base | None:
        return self._bases[number] if number < len(self._bases) else None

    def _numbering(self, kernel: Kernel) -> tuple[Base, ...]:
        """What registers the numbers of this kernel are; empty where that cannot be told."""
        if not kernel.has_symbol(_ANY_FUNCTION):
            return ()
        entry = self._entry(kernel.symbol(_ANY_FUNCTION))
        if entry is None or entry[0] != 8:
            return ()
        number = entry[2] & 15
        numberings = (each for each in _NUMBERINGS if number < len(each))
        return next((each for each in numberings if each[number] is Base.SP), ())
