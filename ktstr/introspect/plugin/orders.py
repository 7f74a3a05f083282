# SPDX-License-Identifier: Apache-2.0
"""What the host orders a guest that stands, and that it walks through (tools/qemu/probes/walk.h).

Orders hold from then on; a guest that is let go stands again where one of them says. Nothing of the
run is different for it.
"""

from __future__ import annotations

import enum
import select
import socket
import struct
from dataclasses import dataclass

from ktstr.model.errors import InfraError

MOST_BREAKS = 64
# registers of a CPU that stands or waits for its turn, in the order of the plugin's answer
WALKED = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
    *("rip", "eflags", "cs", "ss", "ds", "es", "fs", "gs"),
    *("cr0", "cr2", "cr3", "cr4", "fs_base", "gs_base", "k_gs_base", "efer"),
)
_ORDER = b"o"
# word, number, value, other
_LAYOUT = struct.Struct("<IIQQ")
# time, why it stands and where that was, CPUs, registers that are known, registers
TOLD = struct.Struct(f"<QQQQQ{len(WALKED)}Q")
# all that a vCPU's thread does for an answer takes microseconds
_ANSWER_S = 10.0


class Word(enum.IntEnum):
    """enum order_word of walk.h."""

    UNTIL = 1
    BREAK = 2
    CLEAR = 3
    STEP = 4
    WATCH = 5
    TELL = 6
    CLOSELY = 7


@dataclass(frozen=True)
class Told:
    """The state of one CPU of a guest that stands.

    Attributes:
      now_ns: virtual time, as the processor's time stamp counter has it.
      why: the order for which it stands; None where that was no order: it is the first time.
      where: of a break its address, of a write the one that was written to.
      cpus: how many there are.
      registers: of the CPU that was asked for, by their names; those that it has.
    """

    now_ns: int
    why: Word | None
    where: int
    cpus: int
    registers: dict[str, int]


class Orders:
    """Orders to one guest, while it stands. All of them raise InfraError where QEMU is gone."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel

    def until(self, now_ns: int, *, exact: bool = False) -> None:
        """It stands where the first block of code begins at that virtual time, or later.

        exact: before the first instruction of all that runs then; of a walk that looks closely.
        """
        self._send(Word.UNTIL, exact, now_ns)

    def closely(self, on: bool) -> None:
        """From the next block of code on every instruction is looked at, so that all orders hold.

        That makes the run several times slower. Otherwise a walk knows where blocks begin, and
        those of `stop_at` that it knew before their code first ran.
        """
        self._send(Word.CLOSELY, on)

    def stop_at(self, address: int, *, skip: int = 0, not_before_ns: int = 0) -> None:
        """It stands before that instruction, but not the first `skip` times after that time."""
        self._send(Word.BREAK, skip, address, not_before_ns)

    def stop_behind_write(self, address: int, size: int) -> None:
        """It stands behind the instruction that has written there."""
        self._send(Word.WATCH, size, address)

    def clear(self) -> None:
        """Forgets all of `stop_at` and `stop_behind_write`."""
        self._send(Word.CLEAR)

    def step(self, cpu: int | None = None) -> None:
        """It stands before the next instruction of that CPU, or of any."""
        self._send(Word.STEP, 0 if cpu is None else cpu + 1)

    def tell(self, cpu: int = 0) -> Told:
        """The state of that CPU."""
        self._send(Word.TELL, cpu)
        got = b""
        while len(got) < TOLD.size:
            ready = select.select([self._channel], [], [], _ANSWER_S)[0]
            try:
                piece = self._channel.recv(TOLD.size - len(got)) if ready else b""
            except OSError as error:
                raise InfraError(f"the guest that stands tells nothing: {error}") from error
            if not piece:
                raise InfraError(f"the guest that stands tells nothing of CPU {cpu}")
            got += piece
        now, why, where, cpus, known, *values = TOLD.unpack(got)
        has = {
            name: each
            for i, (name, each) in enumerate(zip(WALKED, values, strict=True))
            if known >> i & 1
        }
        return Told(now, Word(why) if why else None, where, cpus, has)

    def _send(self, word: Word, number: int = 0, value: int = 0, other: int = 0) -> None:
        try:
            self._channel.send(_ORDER + _LAYOUT.pack(word, number, value, other))
        except OSError as error:
            raise InfraError(f"the guest that stands takes no order: {error}") from error
