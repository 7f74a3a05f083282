# SPDX-License-Identifier: Apache-2.0
"""The first decision in which two traces of one plan differ.

Times say nothing: another build of a scheduler takes other times for the same decisions, and so two
CPUs that have nothing to do with each other come in another order. So each trace is seen as what
became of each CPU, of each task and of each dispatch queue: of two events that share none of these,
either may be first. Two traces are equal if all of these sequences are; where they are not, the
first difference is the earliest event at which one of them goes another way.

Where both traces have workers of a plan, only what becomes of these counts: when the kernel's own
threads run goes by what came before, such as how long a program took to load.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ktstr.introspect.trace.events import Decisions, Event, Value

# The timer decides nothing.
_NOTHING = frozenset({"tick"})
# Of a call: what it took, and how its author calls it.
_NO_PART = frozenset({"took_ns", "program"})
# Values that are pids, and addresses of the kernel's, which are of one guest alone.
_TASKS = frozenset({"pid", "prev", "next", "by", "to"})
_NAMES = frozenset({"comm", "prev_comm", "next_comm"})
_ADDRESSES = 1 << 40
# How many tasks there are, those that do not count among them.
_COUNTS = frozenset({"depth", "running"})
# A worker of a plan: group, kind and index, as tests name them.
_WORKER = re.compile(r"w\d+\.\d+\.\d+")
_ANOTHER = "another"
_BEGIN = "init"

Key = tuple[Value, ...]


@dataclass(frozen=True)
class Side:
    """One trace at the difference.

    index: of the event in `Decisions.events`.  event: None where the trace has ended.
    """

    index: int
    event: Event | None


@dataclass(frozen=True)
class Difference:
    """Where two traces part: the first event of each that the other has not at its place.

    of: a CPU, task or queue to which something else happens, in words.  alike: so many of its
    events before are the same.
    """

    of: str
    alike: int
    a: Side
    b: Side


@dataclass(frozen=True)
class _Step:
    index: int
    key: Key


def first_difference(a: Decisions, b: Decisions, tasks: Collection[str] = ()) -> Difference | None:
    """The first decision that differs; None where none does.

    tasks: names of those that count; left out: the workers where both have some, else all.
    Kinds of events and callbacks that only one of both can show are no decisions of the other's,
    and are left out.
    """
    left_out = _lacking(a) | _lacking(b)
    ops = _ops(a) & _ops(b)
    counting = frozenset(tasks) or _workers(a, b)
    ours, theirs = (_sequences(each, left_out, ops, counting) for each in (a, b))
    found: list[_Parting] = []
    for of in dict.fromkeys((*ours, *theirs)):
        mine, others = ours.get(of, ()), theirs.get(of, ())
        at = _first_other(mine, others)
        if at is not None:
            found.append(_Parting(of, at, _index(a, mine, at), _index(b, others, at)))
    if not found:
        return None
    first_a, first_b = min(each.a for each in found), min(each.b for each in found)
    best = min(found, key=lambda each: ((each.a != first_a) + (each.b != first_b), each.of))
    return Difference(best.of, best.at, _side(a, first_a), _side(b, first_b))


@dataclass(frozen=True)
class _Parting:
    """Where the sequences of one thing part: behind so many events, at these numbers in traces."""

    of: str
    at: int
    a: int
    b: int


def task_names(decisions: Decisions) -> Mapping[int, str]:
    """What each task is called in both traces: its name, and which of those of that name it is."""
    seen: dict[str, int] = {}
    found = {}
    for pid in _pids(decisions):
        name = decisions.names.get(pid, "?")
        seen[name] = seen.get(name, 0) + 1
        found[pid] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return found


def _pids(decisions: Decisions) -> Iterator[int]:
    """By their first appearance."""
    known = dict.fromkeys(
        int(value)
        for event in decisions.events
        for name, value in zip(event.names, event.row, strict=True)
        if name in _TASKS
    )
    yield from known


def _workers(a: Decisions, b: Decisions) -> frozenset[str]:
    """The names of both traces' workers; empty where one has none."""
    found = [{each for each in trace.names.values() if _WORKER.fullmatch(each)} for trace in (a, b)]
    return frozenset(found[0] | found[1]) if all(found) else frozenset()


def _sequences(
    decisions: Decisions, left_out: frozenset[str], ops: frozenset[str], counting: frozenset[str]
) -> dict[str, list[_Step]]:
    """What became of each CPU, task and queue, by what it is called."""
    names = task_names(decisions)
    if counting:
        known = decisions.names
        names = {
            pid: called if known.get(pid) in counting else _ANOTHER for pid, called in names.items()
        }
    found: dict[str, list[_Step]] = {}
    for index, event in enumerate(decisions.events[_begin(decisions) :], _begin(decisions)):
        if event.what in left_out or (event.what == "op" and event.values["op"] not in ops):
            continue
        key, touched, counts = _read(event, names, bool(counting))
        for each in touched if counts or not counting else ():
            found.setdefault(each, []).append(_Step(index, key))
    return found


def _begin(decisions: Decisions) -> int:
    """The first event behind the attachment of a scheduler; what comes before is its loader's."""
    for index, event in enumerate(decisions.events):
        if event.what == "op" and event.values["op"] == _BEGIN:
            return index + 1
    return 0


def _read(event: Event, names: Mapping[int, str], some: bool) -> tuple[Key, tuple[str, ...], bool]:
    """What an event is, without its time, whom it touches, and whether one of these tasks counts.

    some: of the tasks, which are called otherwise than _ANOTHER.
    """
    key: list[Value] = [event.what, event.cpu]
    counts = False
    touched = [f"CPU {event.cpu}"]
    for name, value in zip(event.names, event.row, strict=True):
        if name in _NO_PART or name in _NAMES or (some and name in _COUNTS):
            continue
        if name in _TASKS:
            called = names.get(int(value), "?")
            key += (name, called)
            if value and name != "by" and called != _ANOTHER:
                touched.append(called)
                counts = True
            continue
        if isinstance(value, int) and abs(value) >= _ADDRESSES:
            continue
        key += (name, value)
        if name == "dsq":
            touched.append(f"DSQ {value}")
        elif name in ("target", "from"):
            touched.append(f"CPU {value}")
    return tuple(key), tuple(dict.fromkeys(touched)), counts


def _first_other(mine: Sequence[_Step], others: Sequence[_Step]) -> int | None:
    for at, (one, other) in enumerate(zip(mine, others, strict=False)):
        if one.key != other.key:
            return at
    return None if len(mine) == len(others) else min(len(mine), len(others))


def _index(decisions: Decisions, steps: Sequence[_Step], at: int) -> int:
    return steps[at].index if at < len(steps) else len(decisions.events)


def _side(decisions: Decisions, index: int) -> Side:
    return Side(index, decisions.events[index] if index < len(decisions.events) else None)


def _ops(decisions: Decisions) -> frozenset[str]:
    return frozenset(str(each.values["op"]) for each in decisions.events if each.what == "op")


def _lacking(decisions: Decisions) -> frozenset[str]:
    """Kinds of events that a kernel does not show: `no pick: ...`."""
    words = (each.partition(":")[0] for each in decisions.lacks)
    return _NOTHING | {word.removeprefix("no ") for word in words if word.startswith("no ")}
