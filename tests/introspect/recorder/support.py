# SPDX-License-Identifier: Apache-2.0
"""Elements of a recorder's maps as a guest has them, and targets that they are of."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from ktstr.introspect.plugin.watch import Read
from ktstr.introspect.recorder import layout
from ktstr.introspect.recorder.layout import Flag, Happens, How
from ktstr.introspect.recorder.targets import Target
from ktstr.introspect.recorder.told import RECORDS, STACKS, STATE, TARGETS, TASKS, Element
from ktstr.introspect.replay.functions import Argument, Shown, Slot, Watched

TASK = Argument(
    "p",
    (
        Slot("p", Read("rsi", (100,), 16), Shown.TEXT),
        Slot("p", Read("rsi", (50,), 4), Shown.PID),
    ),
    True,
)
QUEUE = Argument("dsq", (Slot("dsq", Read("rdi", (8,), 8), Shown.DSQ),))
FLAGS = Argument("flags", (Slot("flags", Read("rdx", (), 8), Shown.NUMBER),))
RESULT = Argument("result", (Slot("result", Read("rax", (), 8), Shown.NUMBER, 4, True),))
SLICE = Slot("p.slice", Read("rsi", (8,), 8), Shown.NUMBER)

PUT = Target(Watched("put", range(1, 9), (QUEUE, TASK, FLAGS), RESULT, (SLICE,)), 7)
ENQUEUE = Target(Watched("enqueue", range(0), (TASK,), None, ()), 72, Flag.OP)
EXIT = Target(Watched("scx_ops_exit_kind", range(9, 10), (), None, ()), 9, Flag.ENDS, (0, 1024))
TARGETS_HERE = (PUT, ENQUEUE, EXIT)


def state(
    taken: int = 9,
    ended: int = 0,
    dropped: int = 0,
    waited: int = 0,
    evicted: int = 0,
    missed: tuple[int, int, int] = (0, 0, 0),
) -> Element:
    """The state; missed: calls, returns and events."""
    counts = (taken, ended, dropped, evicted, *missed)
    raw = struct.pack("<QQQQQQQQQ16sIIII", *counts, 0, 0, b"w", 0, waited, 1, 7)
    return Element(STATE, 0, raw)


def stood(
    number: int,
    target: Target,
    how: How = How.FENTRY,
    error: int = 0,
    program: str = "",
    how_return: How | None = None,
    missed: tuple[int, int] = (0, 0),
) -> Element:
    """A target as the guest has it; missed: entries and returns."""
    name = target.name.encode()
    head = struct.pack(
        "<64s64sIIBBBBIBBBBiII",
        *(name, program.encode(), target.flags, target.place, 0, 0, 0, 0, 0, 0, 0),
        *(how, how if how_return is None else how_return, error, *missed),
    )
    return Element(TARGETS, number, head)


def entry(
    ticket: int,
    target: int,
    data: Sequence[bytes] = (),
    *,
    at_ns: int = 0,
    pid: int = 61,
    cpu: int = 0,
    returns: bool = False,
    result: int = 0,
    stack: int = 0,
) -> Element:
    """A record; data: what was read, one behind the other."""
    read = b"".join(each.ljust(-(-len(each) // 8) * 8, b"\0") for each in data)
    numbers = (target, pid, cpu, stack, returns, len(read))
    head = struct.pack("<QQQ6I16s", ticket, at_ns or ticket, result, *numbers, b"hog")
    return Element(RECORDS, (ticket - 1) % layout.MOST_RECORDS, head + read)


def put(ticket: int, *, slice_ns: int = 5, **how: Any) -> Element:
    """An entry into PUT, with task 61."""
    data = (u64(2), b"w0".ljust(16, b"\0"), (61).to_bytes(4, "little"), u64(1), u64(slice_ns))
    return entry(ticket, 0, data, **how)


def put_returns(ticket: int, *, result: int = 0, slice_ns: int = 5, **how: Any) -> Element:
    """A return from PUT."""
    return entry(ticket, 0, (u64(result), u64(slice_ns)), returns=True, **how)


def stack(number: int, *addresses: int) -> Element:
    """A stack."""
    padded = (*addresses, *(0,) * layout.MOST_FRAMES)[: layout.MOST_FRAMES]
    return Element(STACKS, number - 1, struct.pack("<65Q", len(addresses), *padded))


def log(pid: int, comm: str, *events: tuple[int, Happens, int, int]) -> Element:
    """A task: of each event its time, kind, the other one, and the value."""
    ring = [b"\0" * 24] * layout.MOST_EVENTS
    for number, (at_ns, kind, other, value) in enumerate(events):
        ring[number % layout.MOST_EVENTS] = struct.pack("<QQIHH", at_ns, value, other, 1, kind)
    head = struct.pack("<QIIBB6x16s", 0, len(events), pid, 0, 1, comm.encode())
    return Element(TASKS, pid % 7, head + b"".join(ring))


def u64(number: int) -> bytes:
    """As the guest keeps it."""
    return number.to_bytes(8, "little")
