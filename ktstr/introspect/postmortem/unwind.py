# SPDX-License-Identifier: Apache-2.0
"""The stacks of tasks: who called whom, by the kernel's own tables.

Programs of BPF and trampolines are not in the tables; they keep frame pointers, as the kernel's
JIT compiler makes them. A stack has so many frames at most, and each frame lies above the one
before unless the stack changes, so that a corrupt one ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.postmortem import orc
from ktstr.introspect.postmortem.orc import Entry, Orc
from ktstr.introspect.postmortem.programs import Programs
from ktstr.introspect.snapshot.view import View

MOST_FRAMES = 64
_U64 = (1 << 64) - 1
# struct inactive_task_frame (arch/x86/include/asm/switch_to.h): r15 to r12, rbx, rbp, the address
_SWITCHED_BP, _SWITCHED_IP, _SWITCHED_SIZE = 5 * 8, 6 * 8, 7 * 8
# struct pt_regs (arch/x86/include/asm/ptrace.h): ip and sp, from its beginning
_REGS_BP, _REGS_IP, _REGS_CS, _REGS_SP = 4 * 8, 16 * 8, 17 * 8, 19 * 8
_FRAME_POINTER = Entry(16, -16, orc.BP, orc.PREV_SP, orc.CALL)
_NAMED = {orc.DX: "rdx", orc.DI: "rdi", orc.R10: "r10", orc.R13: "r13"}


@dataclass(frozen=True)
class Stack:
    """Functions, innermost first, as `name+0x12`; `problem` says why there are no more."""

    frames: tuple[str, ...]
    problem: str = ""


@dataclass
class _Frame:
    """Where the walk is: `exact` when `ip` is the instruction itself and not one behind a call."""

    ip: int
    sp: int
    bp: int
    exact: bool
    registers: Mapping[str, int]


class Unwinder:
    """Walks stacks of one guest."""

    def __init__(self, view: View) -> None:
        """Raises UnknownName for a kernel without ORC tables."""
        self._view = view
        self._orc = Orc(view)
        self._programs = Programs(view)
        self._text = range(view.kernel.symbol("_text"), view.kernel.symbol("_etext"))

    def of_registers(self, registers: Mapping[str, int]) -> Stack:
        """The stack of a CPU: rip, rsp, rbp and cs must be there.

        One that runs code of user space has no kernel stack, and its frame says so.
        """
        if registers["cs"] & 3:
            return Stack(("user space",))
        start = _Frame(registers["rip"], registers["rsp"], registers["rbp"], True, registers)
        return self._walk(start)

    def of_sleeping(self, switched_sp: int) -> Stack:
        """The stack of a task that is on no CPU, by the stack pointer that it was switched at."""
        try:
            start = _Frame(
                self._view.u64(switched_sp + _SWITCHED_IP),
                switched_sp + _SWITCHED_SIZE,
                self._view.u64(switched_sp + _SWITCHED_BP),
                False,
                {},
            )
        except MemoryFault as fault:
            return Stack((), fault.reason)
        return self._walk(start)

    def where(self, address: int) -> str:
        """The function of an address, a BPF program's name for one of those."""
        if address in self._text:
            return self._view.kernel.where(address)
        return self._programs.where(address) or f"{address:#x}"

    def _walk(self, frame: _Frame) -> Stack:
        frames: list[str] = []
        seen: set[tuple[int, int]] = set()
        try:
            while frame.ip:
                if len(frames) >= MOST_FRAMES:
                    return Stack(tuple(frames), f"more than {MOST_FRAMES} frames")
                if (frame.ip, frame.sp) in seen:
                    return Stack(tuple(frames), "the stack leads back into itself")
                seen.add((frame.ip, frame.sp))
                at = frame.ip if frame.exact else frame.ip - 1
                frames.append(self.where(at))
                entry = self._orc.entry(at) if at in self._text else _FRAME_POINTER
                if entry is None or entry.type in (orc.UNDEFINED, orc.END_OF_STACK):
                    break
                left = self._leave(frame, entry)
                if left is None:
                    frames.append("user space")
                    break
                frame = left
        except MemoryFault as fault:
            return Stack(tuple(frames), fault.reason)
        except UnknownName as error:
            return Stack(tuple(frames), str(error))
        return Stack(tuple(frames))

    def _leave(self, frame: _Frame, entry: Entry) -> _Frame | None:
        """The frame of who called or was interrupted; None where that is user space."""
        base = self._base(frame, entry)
        bp = frame.bp
        if entry.bp_register == orc.PREV_SP:
            bp = self._u64(base + entry.bp_offset)
        elif entry.bp_register == orc.BP:
            bp = self._u64(frame.bp + entry.bp_offset)
        if entry.type == orc.CALL:
            return _Frame(self._u64(base - 8), base, bp, False, {})
        whole = entry.type == orc.REGS
        # of partial ones only what the CPU itself pushed is there: ip, cs, flags, sp, ss
        registers = base if whole else base - _REGS_IP
        if self._u64(registers + _REGS_CS) & 3:
            return None
        if whole:
            bp = self._u64(registers + _REGS_BP)
        ip, sp = self._u64(registers + _REGS_IP), self._u64(registers + _REGS_SP)
        return _Frame(ip, sp, bp, True, {})

    def _base(self, frame: _Frame, entry: Entry) -> int:
        kind = entry.sp_register
        if kind == orc.SP:
            return frame.sp + entry.sp_offset
        if kind == orc.BP:
            return frame.bp + entry.sp_offset
        if kind == orc.SP_INDIRECT:
            return self._u64(frame.sp) + entry.sp_offset
        if kind == orc.BP_INDIRECT:
            return self._u64(frame.bp + entry.sp_offset)
        name = _NAMED.get(kind)
        if name is None or name not in frame.registers:
            raise MemoryFault("unwind", frame.ip, 1, "its frame is told by a register not known")
        return frame.registers[name]

    def _u64(self, address: int) -> int:
        return self._view.u64(address & _U64)
