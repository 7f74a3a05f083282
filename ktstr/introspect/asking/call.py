# SPDX-License-Identifier: Apache-2.0
"""The call by which a guest asks (`ktstr.model.wire.asking`), at the kernel's entry of prctl(2)."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.invariants.compiler import compile_predicate
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.plugin.watch import Probe
from ktstr.model.wire.asking import MAX_REPLY, MAX_REQUEST, OPTION

PROBE = "prctl"
# arch/x86/include/asm/syscall_wrapper.h: it has one argument, the registers of who called it
_ENTRY = "__x64_sys_prctl"
# the call's own arguments in struct pt_regs: option, then two buffers with their sizes
_ARGUMENTS = ("di", "si", "dx", "r10", "r8")
_WORD = 8


@dataclass(frozen=True)
class Call:
    """A call of ours: where request and reply are in the memory of who asks."""

    request: int
    request_bytes: int
    reply: int
    reply_bytes: int


class Entry:
    """Where a kernel comes to when prctl(2) is called."""

    def __init__(self, kernel: Kernel) -> None:
        """Raises UnknownName where the kernel has it not."""
        place = kernel.symbol_range(_ENTRY)
        self._offsets = [kernel.field("pt_regs", name).offset for name in _ARGUMENTS]
        # tasks call prctl(2) for much else: only what fails this is recorded, and held
        others = f"word(argument(0) + {self._offsets[0]}) & 0xffffffff != {OPTION}"
        self.predicate = compile_predicate(others, kernel).program.encode()
        self.probe = Probe(PROBE, place.start, place.stop, predicates=(0,), every=True, hold=True)

    def call(self, registers: dict[str, int], memory: Memory) -> Call | None:
        """The call that a CPU with these registers is at; None for one that is none of ours.

        Raises:
          MemoryFault: its arguments cannot be read, or are no buffers of such sizes.
        """
        at = registers["rdi"]
        option, *words = (self._word(memory, at + offset) for offset in self._offsets)
        if option & 0xFFFF_FFFF != OPTION:
            return None
        call = Call(*words)
        for start, size, most in (
            (call.request, call.request_bytes, MAX_REQUEST),
            (call.reply, call.reply_bytes, MAX_REPLY),
        ):
            # the lower half of the address space is the users'
            if not 0 < size <= most or not 0 < start < (1 << 47) - size:
                raise MemoryFault("use for asking", start, size, "no buffer of a program's")
        return call

    @staticmethod
    def _word(memory: Memory, address: int) -> int:
        return int.from_bytes(memory.read(address, _WORD), "little")
