# SPDX-License-Identifier: Apache-2.0
"""no_stall: no runqueue's clock stands while it has tasks.

The kernel sets a runqueue's clock forward at each tick and whenever a task comes or goes.  Where it
stands beside a task, nobody looked after that CPU: a scheduler left it asleep, or a vCPU hangs.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from ktstr.introspect.monitor.series import MonitorSeries
from ktstr.judge.checks.measure import Measurement
from ktstr.judge.checks.monitored import NO_STEP, Window, allowed_cpus, measured
from ktstr.judge.numbers.sustained import Peak, Stretches, longest
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_MS
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind


def standstills(scope: Scope) -> list[Measurement]:
    """For how long at a time the clock of each CPU's runqueue stood beside tasks, in ms."""

    def standing(monitor: MonitorSeries, window: Window) -> list[tuple[str, Stretches]]:
        at = window.of(monitor.at_ns)
        clocks, tasks = monitor.by("clock"), monitor.by("nr_running")
        found = []
        for cpu in allowed_cpus(scope, at[0], at[-1]):
            clock, running = window.of(clocks.get(cpu, ())), window.of(tasks.get(cpu, ()))
            if len(clock) == len(running) == len(at):
                times = longest(at, functools.partial(_stands, clock, running))
                found.append((f"CPU {cpu}", times))
        return found

    def words(name: str, peak: Peak) -> str:
        return (
            f"the clock of {name}'s runqueue stood for {peak.value / NS_PER_MS:.0f} ms while it "
            f"had tasks"
        )

    return measured(scope, "clock", "CPUs", standing, words, 1 / NS_PER_MS)


def stalls(scope: Scope) -> list[Detail]:
    """A FAIL for each CPU whose clock stood for longer than is asked."""
    seen = standstills(scope)
    if not seen:
        return [Detail(Kind.NO_DATA, NO_STEP, Verdict.INCONCLUSIVE)]
    details = []
    for each in seen:
        if each.value is None:
            missing = Detail(Kind.NO_DATA, each.words, Verdict.INCONCLUSIVE, each.subject)
            details.append(missing)
        elif each.value >= scope.sustained_ms:
            message = f"{each.words} (limit {scope.sustained_ms:g} ms)"
            at_ns = each.at_ns(lambda value: value >= scope.sustained_ms)
            failed = Detail(Kind.RUNQUEUE_STALL, message, Verdict.FAIL, each.subject, at_ns=at_ns)
            details.append(failed)
    return details


def _stands(clock: Sequence[int], tasks: Sequence[int], before: int, now: int) -> bool:
    return clock[before] == clock[now] and bool(tasks[before] and tasks[now])
