# SPDX-License-Identifier: Apache-2.0
"""What the plugin saw at the points of a trace, as events."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType
from typing import Any

from ktstr.introspect.plugin.part import Looked
from ktstr.introspect.plugin.records import Row
from ktstr.introspect.plugin.text import c_text
from ktstr.introspect.trace.clock import Times
from ktstr.introspect.trace.events import Decisions, Value
from ktstr.introspect.trace.points import KEEPER, Point
from ktstr.introspect.trace.programs import OF_PROGRAMS, Call, Programs
from ktstr.introspect.trace.store import Events
from ktstr.introspect.trace.values import TOLD

_CUT = "there was no room for all events: what came later is not there"
_NO_TIME = "the guest's clock is not the time stamp counter: times are those of virtual time"
# the name of a task, for each value that is one's pid
_NAMED = (("pid", "comm"), ("prev", "prev_comm"), ("next", "next_comm"))

# time, CPU, kind, names, values
_Found = tuple[int, int, str, tuple[str, ...], tuple[Value, ...]]


class Decoder:
    """Of one guest: takes the records of its trace."""

    def __init__(self, points: Iterable[Point], programs: Programs, times: Times) -> None:
        self._programs, self._times = programs, times
        self._texts: dict[bytes, str] = {}
        self._names: dict[int, str] = {}
        self._points = {point.probe.name: _Layout(point) for point in points}

    def decisions(self, looked: Looked, cpus: int, lacks: tuple[str, ...]) -> Decisions:
        """All events, in the order of time."""
        events = Events()
        for each in self._all(looked.rows):
            events.append(*each)
        events.sort(self._times.monotonic_ns)
        cut = any(count.hits > count.records for count in looked.probes.values())
        problems = [looked.problem, _CUT * cut, _NO_TIME * (bool(events) and not self._times)]
        names = MappingProxyType(self._names | {0: "idle"})
        return Decisions(cpus, events, names, cut, lacks, "; ".join(filter(None, problems)))

    def _all(self, rows: Iterable[Row]) -> Iterator[_Found]:
        texts = self._texts
        for name, cpu, data in rows:
            if name in OF_PROGRAMS:
                call = self._programs.take(name, cpu, data)
                if call is not None:
                    yield call.began_ns, cpu, "op", *_of_call(call)
                continue
            layout = self._points[name]
            now, *values = layout.unpack(data)
            if layout.has_keeper:
                self._times.add(now, values.pop())
            for i in layout.texts:
                values[i] = texts.get(values[i]) or self._text(values[i])
            for pid, comm in layout.named:
                self._names[values[pid]] = values[comm]
            if layout.told is not None:
                told = layout.told.of(*values[-layout.told.taken :])
                if told is None:
                    continue
                values[-layout.told.taken :] = told
            yield now, cpu, layout.what, layout.names, (*layout.always, *values)

    def _text(self, value: bytes) -> str:
        text = c_text(value)
        self._texts[value] = text
        return text


class _Layout:
    """How a point's records are taken apart."""

    def __init__(self, point: Point) -> None:
        self.what, self.told = point.event, TOLD.get(point.event)
        formats = "".join(each.format for each in point.items)
        self.unpack: Callable[[bytes], tuple[Any, ...]] = struct.Struct(f"<Q{formats}").unpack
        items = [each for each in point.items if each.name != KEEPER]
        self.has_keeper = len(items) < len(point.items)
        self.texts = [i for i, each in enumerate(items) if each.letters == "s"]
        names = [each.name for each in items]
        self.named = [
            (names.index(pid), names.index(comm)) for pid, comm in _NAMED if comm in names
        ]
        if self.told is not None:
            names[-self.told.taken :] = self.told.names
        self.always = tuple(value for _, value in point.always)
        self.names = (*(name for name, _ in point.always), *names)


def _of_call(call: Call) -> tuple[tuple[str, ...], tuple[Value, ...]]:
    values: dict[str, Value] = {"op": call.program.op.name, "program": call.program.name}
    values |= call.tasks
    values |= call.arguments
    values["took_ns"] = call.ended_ns - call.began_ns
    if call.result is not None:
        values["result"] = call.result
    return tuple(values), tuple(values.values())
