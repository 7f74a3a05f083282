# SPDX-License-Identifier: Apache-2.0
"""max_fallback_rate, max_keep_last_rate: how often sched_ext had to help a scheduler out."""

from __future__ import annotations

from ktstr.introspect.monitor.series import MonitorSeries
from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.checks.monitored import NO_STEP, Window, measured, span_ns
from ktstr.judge.numbers.sustained import Peak, Stretches, fastest
from ktstr.judge.workers.scope import Scope
from ktstr.judge.workers.subjects import NS_PER_S
from ktstr.model.verdict.kinds import Kind

# events of sched_ext by the kernel's names (kernel/sched/ext_internal.h, ext/internal.h in 7.2)
FALLBACK, KEEP_LAST = "SCX_EV_SELECT_CPU_FALLBACK", "SCX_EV_DISPATCH_KEEP_LAST"


def fallback_rates(scope: Scope) -> list[Measurement]:
    """Tasks a second for which select_cpu() gave a CPU that the kernel could not take."""
    return _rates(scope, FALLBACK, "times select_cpu() gave a CPU that a task may not use")


def keep_last_rates(scope: Scope) -> list[Measurement]:
    """Times a second that dispatch() left a CPU nothing but the task that ran."""
    return _rates(scope, KEEP_LAST, "times dispatch() left a CPU nothing but the task that ran")


def _rates(scope: Scope, event: str, what: str) -> list[Measurement]:
    def rates(monitor: MonitorSeries, window: Window) -> list[tuple[str, Stretches]]:
        at, span = window.of(monitor.at_ns), span_ns(scope)
        return [
            (event, fastest(at, window.of(values), span, NS_PER_S))
            for values in monitor.by(event).values()
        ]

    def words(name: str, peak: Peak) -> str:
        return f"{peak.value:.0f} {what} ({name}) a second, over {scope.sustained_ms:g} ms"

    return measured(scope, event, event, rates, words)


MAX_FALLBACK_RATE = Limit(
    "max_fallback_rate", Kind.FALLBACK_RATE, "a second", fallback_rates, NO_STEP, of_cpus=True
)
MAX_KEEP_LAST_RATE = Limit(
    "max_keep_last_rate", Kind.KEEP_LAST_RATE, "a second", keep_last_rates, NO_STEP, of_cpus=True
)
