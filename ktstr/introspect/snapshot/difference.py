# SPDX-License-Identifier: Apache-2.0
"""What is different between two snapshots of one guest."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.text import duration, map_elements, seconds

# Of each kind of thing; a difference of two guests at work is mostly times.
_TIMES = {
    "waiting_ns",
    "running_ns",
    "last_ran_ns",
    "run_ns",
    "clock_ns",
    "behind_ns",
    "address",
    "at_ns",
}
_ORDERS = {"vruntime", "lag", "dsq_vtime", "slice", "nr_switches"}


@dataclasses.dataclass(frozen=True)
class Change:
    """One thing that is different.

    Attributes:
      what: a task, CPU or DSQ, as people call it.
      field: which of its fields, empty for a thing that only one of the snapshots has.
      before, after: that field's values, None for a thing that is not there.
    """

    what: str
    field: str
    before: Any
    after: Any


def difference(before: Snapshot, after: Snapshot, *, numbers: bool = False) -> tuple[Change, ...]:
    """What changed, tasks first. Times and orders, which nearly always do, only with `numbers`."""
    left_out = _TIMES if numbers else _TIMES | _ORDERS
    kinds = (
        (_by(before.tasks, "pid"), _by(after.tasks, "pid"), "task {comm}[{pid}]"),
        (_by(before.runqueues, "cpu"), _by(after.runqueues, "cpu"), "CPU {cpu}"),
        (_by(before.dsqs, "id"), _by(after.dsqs, "id"), "DSQ {name}"),
        ({0: before.extension}, {0: after.extension}, "sched_ext"),
    )
    found: list[Change] = []
    for old, new, name in kinds:
        found += _changes(old, new, name, left_out)
    return (*found, *_map_changes(map_elements(before), map_elements(after)))


def as_text(before: Snapshot, after: Snapshot) -> str:
    """The difference for people, a change a line."""
    gone = duration(after.at_ns - before.at_ns)
    lines = [f"From {_titled(before)} to {_titled(after)}, {gone} later"]
    lines += [f"  {line}" for line in lines_of(before, after)]
    if len(lines) == 1:
        lines.append("  nothing has changed but times")
    return "\n".join(lines) + "\n"


def lines_of(before: Snapshot, after: Snapshot) -> list[str]:
    """Each change in words."""
    return [_words(each) for each in difference(before, after)]


def _by(things: tuple[Any, ...], key: str) -> dict[int, Any]:
    return {getattr(each, key): each for each in things}


def _changes(
    old: Mapping[int, Any], new: Mapping[int, Any], name: str, left_out: set[str]
) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        one: Any = old.get(key)
        other: Any = new.get(key)
        if one is None and other is None:
            continue
        fields: dict[str, Any] = dataclasses.asdict(other or one)
        what = name.format(**fields)
        if one is None or other is None:
            yield Change(what, "", None if one is None else what, None if other is None else what)
            continue
        for field, after in fields.items():
            before = getattr(one, field)
            if field not in left_out and before != after:
                yield Change(what, field, before, after)


def _map_changes(
    old: Mapping[tuple[str, str], str], new: Mapping[tuple[str, str], str]
) -> Iterator[Change]:
    """Elements of maps that are new, gone or different."""
    for name, key in sorted(old.keys() | new.keys()):
        one, other = old.get((name, key)), new.get((name, key))
        if one != other:
            field = "value" if one is not None and other is not None else ""
            yield Change(f"map {name}[{key}]", field, one, other)


def _words(each: Change) -> str:
    if not each.field:
        return f"{each.what}: {'gone' if each.after is None else 'new'}"
    return f"{each.what}: {each.field} {_shown(each.before)} -> {_shown(each.after)}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    return str(value) if value not in ("", None) else "none"


def _titled(snapshot: Snapshot) -> str:
    return f"{snapshot.name!r} at {seconds(snapshot.at_ns)}" if snapshot.name else "a snapshot"
