# SPDX-License-Identifier: Apache-2.0
"""The stretch of a guest's time that charts show, and what happened in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.page.steps import step_words
from ktstr.report.tables import SHOWN_BY_PHASES
from ktstr.result import result_pb2
from ktstr.result.series import rows_of

_NS_PER_US = 1_000
_MARKS_SHOWN = 200


@dataclass(frozen=True)
class Window:
    """From one instant to another, of CLOCK_MONOTONIC (ns); charts count from its start (us)."""

    start_ns: int
    end_ns: int

    @property
    def length_us(self) -> int:
        """How long it is; at least 1."""
        return max(1, (self.end_ns - self.start_ns) // _NS_PER_US)

    def us(self, at_ns: int) -> int:
        """An instant as charts have it, within the window."""
        return (min(max(at_ns, self.start_ns), self.end_ns) - self.start_ns) // _NS_PER_US


@dataclass(frozen=True)
class Marks:
    """What is marked in every chart over time.

    phases: name, begin and end (us).  moments: instant (us) and words.
    """

    phases: tuple[tuple[str, int, int], ...]
    moments: tuple[tuple[int, str], ...]


def window_of(result: result_pb2.Result) -> Window | None:
    """The time of the scenarios; where none was played, that of all phases and samples.

    None: there is nothing that has a time.

    Raises:
        ValueError: the monitor's times are damaged.
    """
    played = [each for each in result.scenarios if each.ended_ns > each.started_ns]
    times = [at for each in played for at in (each.started_ns, each.ended_ns)]
    if not times:
        times = list(_times(result))
    if len(times) < 2 or min(times) == max(times):
        return None
    return Window(min(times), max(times))


def marks_of(result: result_pb2.Result, window: Window) -> Marks:
    """Phases and moments within the window; of a step it is said what it does."""
    names = step_words(result)
    phases = [
        (names.get(phase.name, phase.name), window.us(phase.start_ns), window.us(_end(phase)))
        for phase in result.timeline.phases
        if phase.start_ns < window.end_ns and _end(phase) > window.start_ns
    ]
    moments = [
        (window.us(moment.at_ns), " ".join(filter(None, (moment.name, moment.detail))))
        for moment in result.timeline.moments
        if moment.name not in SHOWN_BY_PHASES and window.start_ns <= moment.at_ns <= window.end_ns
    ]
    return Marks(tuple(phases[:_MARKS_SHOWN]), tuple(moments[:_MARKS_SHOWN]))


def _end(phase: result_pb2.Timeline.Phase) -> int:
    """Of one whose end was not reported: it goes on."""
    return phase.end_ns if phase.HasField("end_ns") else (1 << 63)


def _times(result: result_pb2.Result) -> Iterator[int]:
    for phase in result.timeline.phases:
        yield phase.start_ns
        if phase.HasField("end_ns"):
            yield phase.end_ns
    for moment in result.timeline.moments:
        yield moment.at_ns
    if result.monitor.samples:
        (at_ns,) = rows_of(result.monitor.at_ns, result.monitor.samples)
        yield from (at_ns[0], at_ns[-1])


def data_of(window: Window, marks: Marks) -> dict[str, object]:
    """What every chart over time has."""
    return {
        "length": window.length_us,
        "phases": [list(each) for each in marks.phases],
        "moments": [list(each) for each in marks.moments],
    }
