# SPDX-License-Identifier: Apache-2.0
"""What became of a task as the recorder kept it, in the words of traces."""

from __future__ import annotations

from ktstr.introspect.recorder.layout import RUNNABLE, Happens, TaskEvent
from ktstr.introspect.recorder.told import Told
from ktstr.introspect.replay.page import Happened
from ktstr.introspect.trace.events import Event, Value
from ktstr.introspect.trace.values import dsq_of, state_of
from ktstr.introspect.trace.words import words_of


def events_of(told: Told, pid: int) -> tuple[Happened, ...]:
    """The last of one task, in order."""
    names = {0: "idle"} | {each: comm for each, (comm, _) in told.tasks.items()}
    _, events = told.tasks.get(pid, ("", ()))
    return tuple(
        Happened(each.at_ns, each.cpu, words_of(_event(each, pid), names, pid)) for each in events
    )


def _event(each: TaskEvent, pid: int) -> Event:
    what, values = _told(each, pid)
    return Event(each.at_ns, each.cpu, what, tuple(values), tuple(values.values()))


def _told(each: TaskEvent, pid: int) -> tuple[str, dict[str, Value]]:
    match each.kind:
        case Happens.WAKING:
            return "waking", {"pid": pid, "by": each.other}
        case Happens.NEW:
            return "new", {"pid": pid, "by": each.other}
        case Happens.STOPS:
            runnable = each.value & RUNNABLE
            state = state_of(0 if runnable else each.value, 0, 0)
            return "switch", {"prev": pid, "next": each.other, "state": state}
        case Happens.RUNS:
            return "switch", {"prev": each.other, "next": pid, "state": ""}
        case Happens.MIGRATES:
            return "migrate", {"pid": pid, "from": each.value, "target": each.other}
    queue = dsq_of(each.value, each.cpu)
    return "dsq_insert", {"pid": pid, "dsq": queue, "depth": each.other + 1}
