# SPDX-License-Identifier: Apache-2.0
"""Stacks of a guest's kernel, by the tables that the kernel unwinds itself with (ORC).

As arch/x86/kernel/unwind_orc.c goes along them, Linux 6.4 to 7.2. Code that is not of the kernel's
file (BPF programs, trampolines) has frame pointers. Nothing but a stack's bytes is trusted, and
these only as far as a walk has an end whatever they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from ktstr.introspect.debugger.orc import Base, FrameType, Orc, OrcTables
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault

_MOST_FRAMES = 128
_USER_END = 1 << 47
_MASK = (1 << 64) - 1
# as the values of rip and the like are called, and as struct pt_regs calls them
_NAMES: dict[Base, str] = {
    Base.AX: "rax",
    Base.DX: "rdx",
    Base.DI: "rdi",
    Base.R10: "r10",
    Base.R13: "r13",
}
_NAMED = {"rax": "ax", "rdx": "dx", "rdi": "di", "r10": "r10", "r13": "r13"}

# of what has frame pointers: the caller's is at rbp, and its address of return above
_FRAME_POINTER = Orc(16, -16, Base.BP, Base.PREV_SP, FrameType.CALL)


@dataclass(frozen=True)
class Frame:
    """One function on a stack: `name` is `function+0x12`."""

    address: int
    name: str


@dataclass(frozen=True)
class Stack:
    """Frames, the innermost first.

    cut: why nothing is known beyond the last one; empty where that is the stack's end.
    """

    frames: tuple[Frame, ...]
    cut: str = ""


@dataclass
class _State:
    """Where a walk is: `exact` for an instruction that runs next, not one behind a call."""

    ip: int
    sp: int
    bp: int
    exact: bool
    registers: Mapping[str, int]


class Unwinder:
    """Unwinds stacks of one guest.

    name_of: names of code that is not the kernel's own, by address; None for what it does not know.
    """

    def __init__(
        self, kernel: Kernel, memory: Memory, name_of: Callable[[int], str | None] | None = None
    ) -> None:
        self._kernel = kernel
        self._memory = memory
        self._name_of = name_of or (lambda _: None)
        self._tables = OrcTables(kernel)
        self._text = [
            range(kernel.symbol(first), kernel.symbol(last))
            for first, last in (("_text", "_etext"), ("_sinittext", "_einittext"))
            if kernel.has_symbol(first) and kernel.has_symbol(last)
        ]

    def running(self, registers: Mapping[str, int]) -> Stack:
        """The stack of a CPU by its registers: rip, rsp, rbp, and others as far as known."""
        state = _State(
            registers.get("rip", 0),
            registers.get("rsp", 0),
            registers.get("rbp", 0),
            True,
            registers,
        )
        if state.ip < _USER_END:
            return Stack((), "it runs in user space")
        return self._walk(state)

    def sleeping(self, task: int) -> Stack:
        """The stack of a task that no CPU runs, by the address of its task_struct.

        Raises:
          UnknownName: this kernel keeps a task's stack otherwise.
        """
        pointer = self._kernel.field("task_struct", "thread.sp")
        size = self._kernel.size_of("inactive_task_frame")
        bp = self._kernel.field("inactive_task_frame", "bp")
        ip = self._kernel.field("inactive_task_frame", "ret_addr")
        try:
            at = self._u64(task + pointer.offset)
            frame = self._memory.read(at, size)
        except MemoryFault as fault:
            return Stack((), f"its stack cannot be read: {fault.reason}")
        return self._walk(_State(ip.value(frame), at + size, bp.value(frame), False, {}))

    def _walk(self, state: _State) -> Stack:
        frames: list[Frame] = []
        try:
            for cut in self._steps(state):
                if cut is not None:
                    return Stack(tuple(frames), cut)
                frames.append(Frame(state.ip, self._name(state)))
                if len(frames) == _MOST_FRAMES:
                    return Stack(tuple(frames), f"more than {_MOST_FRAMES} frames")
        except MemoryFault as fault:
            return Stack(tuple(frames), f"the stack cannot be read there: {fault.reason}")
        return Stack(tuple(frames))

    def _steps(self, state: _State) -> Iterator[str | None]:
        """Stops at each frame, with None, and at last where nothing more is known, with the reason.

        Raises:
          MemoryFault: the stack cannot be read.
        """
        while state.ip:
            yield None
            orc = self._orc(state)
            if orc is None or orc.type == FrameType.UNDEFINED:
                yield "the kernel has no unwinding table for this code"
                return
            if orc.type == FrameType.END_OF_STACK:
                return
            base = self._stack_base(state, orc)
            if base is None:
                yield "a register that the frame is found by is not known"
                return
            if orc.type == FrameType.CALL:
                state.ip, state.exact = self._u64(base - 8), False
                sp = base
            elif orc.type in (FrameType.REGS, FrameType.REGS_PARTIAL):
                user, sp = self._interrupted(state, base, orc.type == FrameType.REGS)
                if user:
                    return
            else:
                yield f"its unwinding table has a type of frame that is not known, {orc.type}"
                return
            if orc.bp_base == Base.PREV_SP:
                state.bp = self._u64(base + orc.bp_offset)
            elif orc.bp_base == Base.BP:
                state.bp = self._u64(state.bp + orc.bp_offset)
            if orc.type == FrameType.CALL:
                state.registers = {}
            state.sp = sp

    def _interrupted(self, state: _State, base: int, whole: bool) -> tuple[bool, int]:
        """Goes on where an interrupt or exception came: whether in user space, and the stack there.

        Raises:
          MemoryFault: the registers that it saved cannot be read.
        """
        # of registers saved in part, what the processor itself has pushed is there
        names = ["ip", "cs", "sp", *((*_NAMED.values(), "bp") if whole else ())]
        start = base if whole else base - self._kernel.field("pt_regs", "ip").offset
        saved = {
            name: self._u64(start + self._kernel.field("pt_regs", name).offset) for name in names
        }
        state.ip, state.exact = saved["ip"], True
        state.bp = saved.get("bp", state.bp)
        state.registers = {long: saved[short] for long, short in _NAMED.items() if whole}
        return bool(saved["cs"] & 3), saved["sp"]

    def _stack_base(self, state: _State, orc: Orc) -> int | None:
        """The stack pointer of the caller; None where a register is not known."""
        if orc.sp_base == Base.SP:
            found: int | None = state.sp + orc.sp_offset
        elif orc.sp_base == Base.BP:
            found = state.bp + orc.sp_offset
        elif orc.sp_base == Base.SP_INDIRECT:
            found = self._u64(state.sp) + orc.sp_offset
        elif orc.sp_base == Base.BP_INDIRECT:
            found = self._u64(state.bp + orc.sp_offset)
        else:
            name = _NAMES.get(orc.sp_base) if orc.sp_base is not None else None
            known = state.registers.get(name or "")
            found = None if known is None else known + orc.sp_offset
        return None if found is None else found & _MASK

    def _orc(self, state: _State) -> Orc | None:
        """How the frame lies; the byte before an address of return is in the calling function."""
        at = state.ip if state.exact else state.ip - 1
        if not any(at in text for text in self._text):
            return _FRAME_POINTER
        return self._tables.at(at)

    def _name(self, state: _State) -> str:
        at = state.ip if state.exact else state.ip - 1
        if any(at in text for text in self._text):
            name, plus, offset = self._kernel.where(at).rpartition("+")
            return f"{name}+{int(offset, 16) + state.ip - at:#x}" if plus else f"{state.ip:#x}"
        return self._name_of(at) or f"{state.ip:#x}"

    def _u64(self, address: int) -> int:
        return int.from_bytes(self._memory.read(address & _MASK, 8), "little")
