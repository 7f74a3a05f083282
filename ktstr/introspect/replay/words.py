# SPDX-License-Identifier: Apache-2.0
"""Scheduling events of one task in words, the task being `it`."""

from __future__ import annotations

from collections.abc import Mapping

from ktstr.introspect.trace.events import Event, Value

_OF_TASK = ("pid", "prev", "next", "to", "by")
# a task that runs on has one each 4 ms, and nothing is decided
_NOTHING = ("tick",)


def is_about(event: Event, pid: int) -> bool:
    """Whether something becomes of the task."""
    if event.what in _NOTHING:
        return False
    values = event.values
    named = ("prev", "next") if event.what == "switch" else ("pid", "prev", "to")
    return any(values.get(name) == pid for name in named)


def in_words(event: Event, pid: int, names: Mapping[int, str]) -> str:
    """What happens to the task `pid`; names: of tasks, by pid."""
    values = event.values

    def task(name: str) -> str:
        number = int(values[name])
        return f"{names.get(number, '?')}[{number}]"

    match event.what:
        case "waking":
            return f"is woken by {task('by')}"
        case "new":
            return f"is new, a child of {task('by')}"
        case "wakeup":
            return f"wakes up on CPU {values['target']}"
        case "enqueue":
            return f"is taken by class {values['class']} on CPU {values['target']}"
        case "dequeue":
            return f"leaves class {values['class']} on CPU {values['target']}"
        case "dsq_insert":
            return f"goes into DSQ {values['dsq']}, then {values['depth']} deep"
        case "dsq_remove":
            return f"leaves DSQ {values['dsq']}, then {values['depth']} deep"
        case "pick":
            return f"is picked by class {values['class']}"
        case "migrate":
            return f"is moved from CPU {values['from']} to CPU {values['target']}"
        case "preempt":
            return f"is to give up CPU {values['target']}"
        case "switch":
            if values["next"] == pid:
                return f"runs, after {task('prev')}"
            return f"stops running, in state {values['state']}; then {task('next')}"
        case "op":
            return _op(values, pid, names)
    return event.what


def _op(values: Mapping[str, Value], pid: int, names: Mapping[int, str]) -> str:
    """`enqueue(pid=it, enq_flags=1) took 830 ns`."""
    words = []
    for name, value in values.items():
        if name in ("op", "program", "took_ns", "result"):
            continue
        if name in _OF_TASK:
            number = int(value)
            shown = "it" if number == pid else f"{names.get(number, '?')}[{number}]"
            words.append(f"{name}={shown}")
        else:
            words.append(f"{name}={value}")
    result = f" gave {values['result']}," if "result" in values else ""
    return f"{values['op']}({', '.join(words)}){result} took {values['took_ns']} ns"
