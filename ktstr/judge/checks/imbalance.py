# SPDX-License-Identifier: Apache-2.0
"""max_imbalance_ratio: no runqueue holds many times the tasks of another for long."""

from __future__ import annotations

from ktstr.introspect.monitor.series import MonitorSeries
from ktstr.judge.checks.measure import Limit, Measurement
from ktstr.judge.checks.monitored import NO_STEP, Window, allowed_cpus, measured, span_ns
from ktstr.judge.numbers.sustained import Peak, Stretches, sustained
from ktstr.judge.workers.scope import Scope
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.verdict.kinds import Kind


def imbalance(scope: Scope) -> list[Measurement]:
    """Tasks of the fullest runqueue by those of the emptiest, or by 1 where that has none.

    Tasks that wait in a DSQ of a scheduler's own count for the runqueue that they belong to.
    """

    def ratio(monitor: MonitorSeries, window: Window) -> list[tuple[str, Stretches]]:
        at = window.of(monitor.at_ns)
        cpus = allowed_cpus(scope, at[0], at[-1])
        columns = monitor.by("nr_running")
        rows = [window.of(columns[cpu]) for cpu in cpus if cpu in columns]
        ratios = [max(each) / max(1, min(each)) for each in zip(*rows, strict=True)]
        # one runqueue is balanced with itself
        ratios = ratios if len(rows) > 1 else [1.0] * len(at)
        kept = sustained(at, ratios, span_ns(scope), monitor.apart_ns)
        return [(f"CPUs {format_cpulist(cpus)}", kept)]

    def words(name: str, peak: Peak) -> str:
        return (
            f"of {name} the fullest runqueue had {peak.value:g} times the tasks of the emptiest, "
            f"for {scope.sustained_ms:g} ms"
        )

    return measured(scope, "nr_running", "CPUs", ratio, words)


MAX_IMBALANCE = Limit(
    "max_imbalance_ratio", Kind.IMBALANCE, "times", imbalance, NO_STEP, of_cpus=True
)
