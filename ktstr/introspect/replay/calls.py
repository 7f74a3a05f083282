# SPDX-License-Identifier: Apache-2.0
"""Calls of functions and of a scheduler's programs, put together of what was seen at both ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ktstr.introspect.plugin.records import Record
from ktstr.introspect.plugin.watch import When
from ktstr.introspect.replay.functions import Slot, Watched
from ktstr.introspect.trace.programs import CALLED, OF_PROGRAMS, Programs
from ktstr.introspect.trace.programs import Call as ProgramCall

ENTERED, FAR = "entered", "far:"
_PLACE = slice(16, 24)


@dataclass(frozen=True)
class Made:
    """A call; times are virtual.  ended_ns: None: it had not returned.  tasks: of its arguments."""

    began_ns: int
    ended_ns: int | None
    cpu: int
    function: str
    arguments: tuple[str, ...] = ()
    tasks: tuple[tuple[str, int], ...] = ()
    result: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Began:
    cpu: int
    arguments: tuple[str, ...]
    tasks: tuple[tuple[str, int], ...]
    fields: Sequence[bytes]


def made_of(
    records: Iterable[Record],
    watched: Mapping[str, Watched],
    programs: Programs,
    name_of: Callable[[int], str | None],
    comm_of: Callable[[int], str],
    of_ops: Sequence[Sequence[Slot]] = (),
) -> list[Made]:
    """All calls that the records tell of, by their beginnings.

    name_of: names of programs that are no callbacks, by address.  comm_of: of tasks, by pid.
    of_ops: what records of programs have at their end, of each argument as if that were a task.
    """
    callbacks = _Callbacks(programs, name_of, comm_of, of_ops)
    open_calls: dict[tuple[str, int], _Began] = {}
    found: dict[tuple[str, int], Made] = {}
    for record in records:
        name, _, end = record.probe.removeprefix(FAR).rpartition(":")
        if not name and end in (*OF_PROGRAMS, ENTERED):
            call = callbacks.call(record, end)
            if call is not None:
                found[call.function, call.began_ns] = call
        elif name in watched and end == When.ENTRY.value:
            open_calls[name, _number(record.runs[0])] = _began(record, watched[name])
        elif name in watched:
            key = name, _number(record.runs[1])
            if key in open_calls:
                found[key] = _ended(record, watched[name], key, open_calls[key])
    for key, began in open_calls.items():
        if key not in found:
            name, at = key
            found[key] = Made(at, None, began.cpu, name, began.arguments, began.tasks)
    return sorted(found.values(), key=lambda call: call.began_ns)


def depths(calls: Sequence[Made]) -> Iterator[int]:
    """In how many other calls of its CPU each was made; they come by their beginnings."""
    open_until: dict[int, list[float]] = {}
    for call in calls:
        above = open_until.setdefault(call.cpu, [])
        above[:] = [end for end in above if end > call.began_ns]
        yield len(above)
        above.append(float("inf") if call.ended_ns is None else call.ended_ns)


def _began(record: Record, watched: Watched) -> _Began:
    at, words, tasks = 1, [], []
    for argument in watched.arguments:
        data = record.runs[at : at + len(argument.slots)]
        at += len(argument.slots)
        words.append(f"{argument.name}={argument.says(data)}")
        if argument.is_task and _number(data[1]):
            tasks.append((argument.slots[0].says(data[0]), _number(data[1])))
    return _Began(record.cpu, tuple(words), tuple(tasks), record.runs[at:])


def _ended(record: Record, watched: Watched, key: tuple[str, int], began: _Began) -> Made:
    at, result = 2, ""
    if watched.result is not None:
        slots = len(watched.result.slots)
        result = watched.result.says(record.runs[at : at + slots])
        at += slots
    changed = _differences(zip(watched.fields, began.fields, record.runs[at:], strict=True))
    name, at_ns = key
    ended = _number(record.runs[0])
    return Made(at_ns, ended, began.cpu, name, began.arguments, began.tasks, result, changed)


@dataclass
class _Callbacks:
    """Calls of programs, in the order of their records; arguments as of `made_of`."""

    programs: Programs
    name_of: Callable[[int], str | None]
    comm_of: Callable[[int], str]
    fields: Sequence[Sequence[Slot]]
    entered: dict[tuple[str, int], Sequence[bytes]] = field(default_factory=dict)

    def call(self, record: Record, kind: str) -> Made | None:
        """The call of a program; None of what tells of no call."""
        is_call = kind in (CALLED, ENTERED)
        own = len(record.runs) - (sum(map(len, self.fields)) if is_call else 0)
        data, fields = b"".join(record.runs[:own]), record.runs[own:]
        call = self.programs.take(CALLED if is_call else kind, record.cpu, data)
        if not is_call:
            return None
        enters = kind == ENTERED
        now, began = _number(record.runs[0]), _number(record.runs[1])
        starts, ends = (now, None) if enters else (began, now)
        if not starts:
            return None
        if call is None:
            name = (self.name_of(_number(data[_PLACE])) or "").partition("+")[0]
            return Made(starts, ends, record.cpu, name) if name else None
        words, tasks = _arguments(call, self.comm_of)
        shown = f"{call.program.op.name} ({call.program.name})"
        if enters:
            self.entered[shown, starts] = fields
            return Made(starts, ends, record.cpu, shown, words, tasks)
        result = "" if call.result is None else str(call.result)
        changed = self._changed(call, self.entered.get((shown, starts), ()), fields)
        return Made(starts, ends, record.cpu, shown, words, tasks, result, changed)

    def _changed(
        self, call: ProgramCall, before: Sequence[bytes], after: Sequence[bytes]
    ) -> tuple[str, ...]:
        """Fields of the tasks among its arguments that differ; none where nobody saw it begin."""
        if not before:
            return ()
        said, at = [], 0
        for number, slots in enumerate(self.fields):
            names = call.program.op.arguments[number : number + 1]
            name = names[0] if names and names[0] in call.tasks else ""
            pairs = zip(slots, before[at:], after[at:], strict=False)
            said += [f"{name}.{each}" for each in _differences(pairs) if name]
            at += len(slots)
        return tuple(said)


def _arguments(
    call: ProgramCall, comm_of: Callable[[int], str]
) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
    tasks = tuple((comm_of(pid), pid) for pid in call.tasks.values())
    words = [f"{name}={comm_of(pid)}[{pid}]" for name, pid in call.tasks.items()]
    words += [
        f"{name}={value}" if value < 1 << 40 else f"{name}={value:#x}"
        for name, value in call.arguments.items()
    ]
    return tuple(words), tasks


def _differences(seen: Iterable[tuple[Slot, bytes, bytes]]) -> tuple[str, ...]:
    """Of each that is another than it was: what it was, and what it is."""
    return tuple(
        f"{slot.name} {slot.says(old)} -> {slot.says(new)}" for slot, old, new in seen if old != new
    )


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
