# SPDX-License-Identifier: Apache-2.0
"""max_local_dsq_depth: no CPU's local DSQ is long for long; and how long a scheduler's own were."""

from __future__ import annotations

from ktstr.introspect.monitor.series import MonitorSeries
from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.checks.monitored import NO_STEP, Window, measured, span_ns
from ktstr.judge.numbers.sustained import Peak, Stretches, sustained
from ktstr.judge.workers.scope import Scope
from ktstr.model.verdict.kinds import Kind


def local_depths(scope: Scope) -> list[Measurement]:
    """The tasks in each CPU's local DSQ that were there for as long as is asked."""
    return _depths(scope, "local_dsq", "CPU", "in its local DSQ")


def user_depths(scope: Scope) -> list[Measurement]:
    """The same of each DSQ that a scheduler made."""
    return _depths(scope, "user_dsq", "DSQ", "in it")


def _depths(scope: Scope, quantity: str, whose: str, where: str) -> list[Measurement]:
    def depths(monitor: MonitorSeries, window: Window) -> list[tuple[str, Stretches]]:
        at, span = window.of(monitor.at_ns), span_ns(scope)
        return [
            (f"{whose} {of}", sustained(at, window.of(values), span, monitor.apart_ns))
            for of, values in monitor.by(quantity).items()
        ]

    def words(name: str, peak: Peak) -> str:
        return f"{name} had {peak.value:.0f} tasks {where} for {scope.sustained_ms:g} ms"

    return measured(scope, quantity, whose, depths, words)


MAX_LOCAL_DSQ_DEPTH = Limit(
    "max_local_dsq_depth", Kind.LOCAL_DSQ_DEPTH, "tasks", local_depths, NO_STEP, of_cpus=True
)
