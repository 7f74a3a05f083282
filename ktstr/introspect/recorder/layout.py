# SPDX-License-Identifier: Apache-2.0
"""The recorder's bytes: what it is told, and what its maps hold (ktstr/sampler/recording.h)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

from ktstr.introspect.plugin.text import c_text
from ktstr.introspect.plugin.watch import Read
from ktstr.introspect.trace.functions import REGISTERS
from ktstr.model.errors import InfraError

MAGIC, VERSION = 0x4352544B, 2
MOST_TARGETS, MOST_RECORDS, MOST_STACKS, MOST_TASKS = 160, 4096, 16, 1024
MOST_FRAMES, MOST_EVENTS, MOST_READS = 64, 32, 40
MOST_OFFSETS, MOST_DATA, LONGEST_READ = 3, 384, 64
MOST_ARGUMENTS, RESULT, NONE = 6, 6, 0xFF
NAME_BYTES, COMM_BYTES = 64, 16
# as the number of the last record: the guest's user space ended it, to tell what was recorded
_TOLD = (1 << 64) - 1

_PLAN = struct.Struct(f"<IIIIQ{COMM_BYTES}sII")
_TARGET = struct.Struct(f"<{NAME_BYTES}s{NAME_BYTES}sIIBBBBIBBBBiII")
_READ = struct.Struct(f"<BBH{MOST_OFFSETS}i")
_STATE = struct.Struct(f"<9Q{COMM_BYTES}s4I")
_RECORD = struct.Struct(f"<QQQ6I{COMM_BYTES}s")
_STACK = struct.Struct(f"<{1 + MOST_FRAMES}Q")
_LOG = struct.Struct(f"<QIIBB6x{COMM_BYTES}s")
_EVENT = struct.Struct("<QQIHH")

STATE_BYTES, STACK_BYTES = _STATE.size, _STACK.size
TARGET_BYTES = _TARGET.size + MOST_READS * _READ.size
RECORD_BYTES = _RECORD.size + MOST_DATA + LONGEST_READ
LOG_BYTES = _LOG.size + MOST_EVENTS * _EVENT.size


class Flag(IntFlag):
    """What a target is: a callback, or where the recording ends."""

    NONE = 0
    OP = 1
    ENDS = 2
    TICK = 4


class How(IntEnum):
    """By which program a target is watched, if it is."""

    NOT = 0
    FENTRY = 1
    KPROBE = 2


class Happens(IntEnum):
    """What becomes of a task."""

    WAKING = 1
    NEW = 2
    STOPS = 3
    RUNS = 4
    MIGRATES = 5
    QUEUED = 6


# of STOPS: it is still runnable
RUNNABLE = 1 << 32


@dataclass(frozen=True)
class Stood:
    """What became of a target: its name, the program that a callback is, and how it is watched.

    error: of the kernel's, why its entries are not.  missed, missed_returns: so many entries and
    returns were not recorded though it is watched.
    """

    name: str
    program: str
    how: How
    how_return: How
    error: int
    missed: int = 0
    missed_returns: int = 0


@dataclass(frozen=True)
class State:
    """taken: how many records; ended: the number of the last one, 0 where nothing ended it.

    dropped: events of tasks that found no room.  evicted: tasks whose room others got.  missed,
    missed_returns: calls at kprobes that were not recorded; missed_events: of tasks.  waited: the
    task that has waited for too long, where that did.
    """

    taken: int
    ended: int
    dropped: int
    evicted: int
    missed: int
    missed_returns: int
    missed_events: int
    waited: int


@dataclass(frozen=True)
class Entry:
    """A record: its number from 1 on, who ran, what was read.  stack: its number, 0 for none."""

    ticket: int
    at_ns: int
    result: int
    target: int
    pid: int
    cpu: int
    stack: int
    returns: bool
    comm: str
    data: bytes


@dataclass(frozen=True)
class TaskEvent:
    """What became of a task; what `value` and `other` are goes by `kind`."""

    at_ns: int
    value: int
    other: int
    cpu: int
    kind: Happens


def plan_head(
    targets: int, ops_type: int, waits_ns: int, subject: str, *, kernel_thread: bool
) -> bytes:
    """What the recorder's file begins with; its targets follow."""
    name = subject.encode()[: COMM_BYTES - 1]
    return _PLAN.pack(MAGIC, VERSION, targets, ops_type, waits_ns, name, kernel_thread, 0)


def can_read(read: Read) -> bool:
    """Whether the recorder can do that."""
    base = read.base in (*REGISTERS, "rax")
    return base and len(read.offsets) <= MOST_OFFSETS and 0 < read.size <= LONGEST_READ


def room_of(read: Read) -> int:
    """Bytes that it takes in a record."""
    return -(-read.size // 8) * 8


def target_bytes(
    name: str,
    flags: Flag,
    place: int,
    reads: tuple[Sequence[Read], Sequence[Read], Sequence[Read]],
    end: tuple[int, int],
    task_and_queue: tuple[int, int],
) -> bytes:
    """A target: reads of its arguments, of fields, and of its result."""
    head = _TARGET.pack(
        name.encode()[: NAME_BYTES - 1], b"", flags, place, *map(len, reads), *end,
        *task_and_queue, How.NOT, How.NOT, 0, 0, 0,
    )  # fmt: skip
    every = [each for part in reads for each in part]
    return (head + b"".join(map(_read_bytes, every))).ljust(TARGET_BYTES, b"\0")


def _read_bytes(read: Read) -> bytes:
    argument = RESULT if read.base == "rax" else REGISTERS.index(read.base)
    offsets = (*read.offsets, *(0,) * MOST_OFFSETS)[:MOST_OFFSETS]
    return _READ.pack(argument, len(read.offsets), read.size, *offsets)


def stood_of(data: bytes) -> Stood:
    """A target, as the guest has it. All of these raise InfraError for bytes of another form."""
    name, program, *_, how, how_return, error, missed, missed_returns = _unpacked(_TARGET, data)
    known = c_text(name), c_text(program)
    try:
        return Stood(*known, How(how), How(how_return), error, missed, missed_returns)
    except ValueError as problem:
        raise InfraError(f"the recorder's target {c_text(name)!r}: {problem}") from None


def state_of(data: bytes) -> State:
    """The state."""
    counts = _unpacked(_STATE, data)
    taken, ended, dropped, evicted, missed, missed_returns, missed_events = counts[:7]
    *_, waited, _stacks, _hand = counts
    ended = 0 if ended == _TOLD else ended
    return State(
        taken, ended, dropped, evicted, missed, missed_returns, missed_events, waited
    )  # fmt: skip


def entry_of(data: bytes) -> Entry | None:
    """A record; None of one that was never written, or is being written."""
    ticket, at_ns, result, *numbers, comm = _unpacked(_RECORD, data)
    target, pid, cpu, stack, returns, size = numbers
    if not ticket:
        return None
    read = data[_RECORD.size : _RECORD.size + min(size, MOST_DATA + LONGEST_READ)]
    return Entry(
        ticket, at_ns, result, target, pid, cpu, stack, bool(returns), c_text(comm), read
    )  # fmt: skip


def stack_of(data: bytes) -> tuple[int, ...]:
    """Addresses, the innermost first."""
    count, *addresses = _unpacked(_STACK, data)
    return tuple(addresses[:count])


def log_of(data: bytes) -> tuple[int, str, tuple[TaskEvent, ...]]:
    """A task's pid and name, and the last that became of it, in order; pid 0: it is nobody's."""
    _, following, pid, _, _, comm = _unpacked(_LOG, data)
    if len(data) < LOG_BYTES:
        raise InfraError(f"the recorder's log of a task has {len(data)} bytes, of {LOG_BYTES}")
    found = []
    for number in range(max(0, following - MOST_EVENTS), following):
        at = _LOG.size + number % MOST_EVENTS * _EVENT.size
        at_ns, value, other, cpu, kind = _EVENT.unpack_from(data, at)
        if kind in list(Happens):
            found.append(TaskEvent(at_ns, value, other, cpu, Happens(kind)))
    return pid, c_text(comm), tuple(found)


def _unpacked(layout: struct.Struct, data: bytes) -> tuple[Any, ...]:
    if len(data) < layout.size:
        raise InfraError(f"{layout.size} bytes of the recorder's were due, and {len(data)} came")
    return layout.unpack_from(data)
