# SPDX-License-Identifier: Apache-2.0
"""What checks of the monitor's series have in common: the samples of a scope, and what lacks."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ktstr.introspect.monitor.series import How, MonitorSeries
from ktstr.judge.checks.measure import Measurement
from ktstr.judge.numbers.sustained import Peak, Stretches
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_MS, NS_PER_S
from ktstr.model.machine.cpulist import parse_cpulist
from ktstr.model.scenario.background import step_label

NO_STEP = (
    "what the monitor saw is checked but no step was played: play a scenario with steps, or drop "
    "the check"
)


@dataclass(frozen=True)
class Window:
    """The samples of one scenario of a scope: [first, last) of the series.

    since_ns: when its first step began.  why: why nothing can be said of it; empty if something
    can.
    """

    name: str
    since_ns: int
    first: int = 0
    last: int = 0
    why: str = ""

    def of(self, values: Sequence[int]) -> Sequence[int]:
        """The part of a column that lies in it."""
        return values[self.first : self.last]


def windows(scope: Scope, quantity: str) -> list[Window]:
    """One for each scenario of the scope that played a step, with what `quantity` lacks there."""
    found = []
    for number, scenario in enumerate(each for each in scope.scenarios if each.steps):
        start = min(step.started_ns for step in scenario.steps)
        end = max(step.ended_ns for step in scenario.steps)
        name = step_label(scope.step) if scope.step is not None else "the run"
        if number:
            name = f"{name}, scenario {number}"
        found.append(_window(scope, quantity, name, start, end))
    return found


def unseen(monitor: MonitorSeries | None, quantity: str) -> str:
    """Why a quantity is not known at all; empty if it is."""
    if monitor is None:
        return "nobody looked at runqueues: the run has no monitor"
    if monitor.how is How.NOBODY:
        return f"nobody looked at runqueues: {monitor.why}"
    lack = monitor.lack(quantity)
    if lack:
        return f"this kernel does not tell {quantity}: it has no {lack}"
    if not monitor.by(quantity):
        return f"the monitor did not look at {quantity}"
    return ""


def allowed_cpus(scope: Scope, start: int, end: int) -> list[int]:
    """The CPUs that workers of the scope may use, and that were there all the time; else all."""
    asked: set[int] = set()
    for worker in scope.workers:
        asked |= parse_cpulist(worker.cpuset) if worker.cpuset else scope.machine.cpus
    there = scope.machine.cpus - scope.presence.gone_sometime(start, end)
    return sorted((asked or set(scope.machine.cpus)) & there)


def measured(
    scope: Scope,
    quantity: str,
    subject: str,
    measure: Callable[[MonitorSeries, Window], list[tuple[str, Stretches]]],
    words: Callable[[str, Peak], str],
    scale: float = 1.0,
) -> list[Measurement]:
    """The measurements of each window: those of `measure`, or why there are none.

    words: say a peak of a subject, without when it was.
    """
    found = []
    for window in windows(scope, quantity):
        if window.why or scope.monitor is None:
            found.append(Measurement(subject, None, window.why))
            continue
        for name, stretches in measure(scope.monitor, window):
            peak = stretches.highest()
            if peak is None:
                found.append(Measurement(name, None, _too_short(scope, window)))
            else:
                text = f"{words(name, peak)}{_when(window, peak)}"
                when = functools.partial(_first, stretches, scale)
                found.append(Measurement(name, peak.value * scale, text, when=when))
    return found


def _first(stretches: Stretches, scale: float, passes: Callable[[float], bool]) -> int | None:
    """Until when a value was kept up that passes, for the first time."""
    peak = stretches.first(lambda value: passes(value * scale))
    return None if peak is None else peak.ended


def span_ns(scope: Scope) -> int:
    """For how long what is seen must last."""
    return round(scope.sustained_ms * NS_PER_MS)


def _window(scope: Scope, quantity: str, name: str, start: int, end: int) -> Window:
    why = unseen(scope.monitor, quantity)
    if why or scope.monitor is None:
        return Window(name, start, why=why)
    at = scope.monitor.at_ns
    first, last = bisect.bisect_left(at, start), bisect.bisect_right(at, end)
    if last - first < 2:
        why = f"{name}: {last - first} samples of the monitor in {(end - start) / NS_PER_S:.3f} s"
    return Window(name, start, first, last, why)


def _too_short(scope: Scope, window: Window) -> str:
    at = window.of(scope.monitor.at_ns) if scope.monitor is not None else ()
    if at and at[-1] - at[0] >= span_ns(scope):
        return (
            f"{window.name}: no samples follow each other for {scope.sustained_ms:g} ms: all CPUs "
            f"slept in between, or samples were lost, so that nothing is known to last as long; "
            f"load them for longer, or take a smaller sustained_ms"
        )
    return (
        f"{window.name}: its samples are less than {scope.sustained_ms:g} ms apart in all, so that "
        f"nothing can last as long; hold it for longer, or take a smaller sustained_ms"
    )


def _when(window: Window, peak: Peak) -> str:
    since, until = peak.began - window.since_ns, peak.ended - window.since_ns
    return f", from {since / NS_PER_MS:.0f} to {until / NS_PER_MS:.0f} ms after the start"
