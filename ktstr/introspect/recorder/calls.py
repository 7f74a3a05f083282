# SPDX-License-Identifier: Apache-2.0
"""Calls, put together of what the recorder noted at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.introspect.recorder import layout
from ktstr.introspect.recorder.layout import Entry, How, Stood
from ktstr.introspect.recorder.targets import Target
from ktstr.introspect.recorder.told import Told
from ktstr.introspect.replay.calls import Made
from ktstr.introspect.replay.functions import Argument, Slot


@dataclass(frozen=True)
class _Begun:
    entry: Entry
    arguments: tuple[str, ...]
    tasks: tuple[tuple[str, int], ...]
    fields: Sequence[bytes]


def calls_of(told: Told, targets: Sequence[Target]) -> list[Made]:
    """All calls whose beginning was kept, by that.

    A call ends where its task returns from the last of that function that it is in.
    """
    pending: dict[tuple[int, int, int], list[_Begun]] = {}
    found: list[Made] = []
    for entry in told.entries:
        if not 0 <= entry.target < min(len(targets), len(told.stood)):
            continue
        target, stood = targets[entry.target], told.stood[entry.target]
        # each CPU has a task 0 of its own
        key = entry.target, entry.pid, -1 if entry.pid else entry.cpu
        if not entry.returns:
            pending.setdefault(key, []).append(_begun(entry, target))
        elif pending.get(key):
            found.append(_made(pending[key].pop(), target, stood, entry))
    for (number, _, _), open_calls in pending.items():
        found += [_made(each, targets[number], told.stood[number], None) for each in open_calls]
    return sorted(found, key=lambda call: call.began_ns)


def name_of(target: Target, stood: Stood) -> str:
    """What a call of it is called: a callback with the name of its program."""
    function = target.watched.function
    return f"{function} ({stood.program})" if stood.program else function


def _begun(entry: Entry, target: Target) -> _Begun:
    slots = [slot for each in target.watched.arguments for slot in each.slots]
    runs = _runs(entry.data, [*slots, *target.watched.fields])
    words, tasks, at = [], [], 0
    for argument in target.watched.arguments:
        data = runs[at : at + len(argument.slots)]
        at += len(argument.slots)
        words.append(f"{argument.name}={argument.says(data)}")
        task = _task(argument, data)
        tasks += [task] if task else []
    return _Begun(entry, tuple(words), tuple(tasks), runs[at:])


def _task(argument: Argument, data: Sequence[bytes]) -> tuple[str, int] | None:
    if not argument.is_task or len(data) < 2:
        return None
    pid = int.from_bytes(data[1], "little")
    return (argument.slots[0].says(data[0]), pid) if pid else None


def _made(begun: _Begun, target: Target, stood: Stood, end: Entry | None) -> Made:
    entry, found = begun.entry, target.watched
    name = name_of(target, stood)
    result = ""
    changed: tuple[str, ...] = ()
    if end is not None:
        results = found.result.slots if found.result is not None else ()
        runs = _runs(end.data, [*results, *found.fields])
        if found.result is not None:
            result = found.result.says(runs[: len(results)])
        # a kprobe at a return knows the arguments no more
        if stood.how_return is How.FENTRY:
            changed = tuple(_changed(found.fields, begun.fields, runs[len(results) :]))
    return Made(
        entry.at_ns,
        end.at_ns if end is not None else None,
        entry.cpu,
        name,
        begun.arguments,
        begun.tasks,
        result,
        changed,
    )


def _changed(fields: Sequence[Slot], before: Sequence[bytes], after: Sequence[bytes]) -> list[str]:
    return [
        f"{slot.name} {slot.says(old)} -> {slot.says(new)}"
        for slot, old, new in zip(fields, before, after, strict=True)
        if old != new
    ]


def _runs(data: bytes, slots: Sequence[Slot]) -> list[bytes]:
    """The bytes of each slot; of those that found no room, zeros."""
    runs, at = [], 0
    for slot in slots:
        size = slot.read.size
        runs.append(data[at : at + size].ljust(size, b"\0"))
        at += layout.room_of(slot.read)
    return runs
