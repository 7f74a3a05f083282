# SPDX-License-Identifier: Apache-2.0
"""Scheduling events in words, said of the task that they are about."""

from __future__ import annotations

from collections.abc import Mapping

from ktstr.introspect.trace.events import Event, Value

_OF_TASK = ("pid", "prev", "next", "to", "by")
# a task that runs on has one each 4 ms, and nothing is decided
_NOTHING = ("tick",)
_NO_ARGUMENT = ("op", "program", "took_ns", "result")

Names = Mapping[int, str]


def is_about(event: Event, pid: int) -> bool:
    """Whether something becomes of the task."""
    if event.what in _NOTHING:
        return False
    values = event.values
    named = ("prev", "next") if event.what == "switch" else ("pid", "prev", "to")
    return any(values.get(name) == pid for name in named)


def subject_of(event: Event, names: Names) -> str:
    """The task that the words are said of, with a blank; empty where they name it themselves."""
    values = event.values
    if event.what == "switch":
        return f"{_task(values['next'], names)} "
    named = event.what != "op" and "pid" in values
    return f"{_task(values['pid'], names)} " if named else ""


def words_of(event: Event, names: Names, it: int | None = None) -> str:
    """What happens; names: of tasks, by pid.  it: the task that it is said of, where not the first.

    A switch is said of the task that comes, or of `it` where that goes.
    """
    values = event.values
    match event.what:
        case "waking":
            return f"is woken by {_task(values['by'], names)}"
        case "new":
            return f"is new, a child of {_task(values['by'], names)}"
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
        case "kick":
            return f"the scheduler kicks CPU {values['target']}"
        case "switch":
            return _switch(values, names, it)
        case "op":
            return _op(values, names, it)
    return event.what


def _task(pid: Value, names: Names) -> str:
    return f"{names.get(int(pid), '?')}[{pid}]"


def _switch(values: Mapping[str, Value], names: Names, it: int | None) -> str:
    if it == values["prev"]:
        state, following = values["state"], _task(values["next"], names)
        return f"stops running, in state {state}; then {following}"
    return f"runs, after {_task(values['prev'], names)}"


def _op(values: Mapping[str, Value], names: Names, it: int | None) -> str:
    """`enqueue(pid=it, enq_flags=1) gave 0, took 830 ns`."""
    words = []
    for name, value in values.items():
        if name in _NO_ARGUMENT:
            continue
        shown = str(value)
        if name in _OF_TASK:
            shown = "it" if value == it else _task(value, names)
        words.append(f"{name}={shown}")
    result = f" gave {values['result']}," if "result" in values else ""
    return f"{values['op']}({', '.join(words)}){result} took {values['took_ns']} ns"
