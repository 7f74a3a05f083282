# SPDX-License-Identifier: Apache-2.0
"""Every check of workers, each by itself: none sees another's outcome, nor depends on the order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ktstr.judge.blame.ranking import worst
from ktstr.judge.checks import (
    cleanup,
    conservation,
    delay,
    fairness,
    gaps,
    latency,
    locality,
    migration,
    share,
    throughput,
)
from ktstr.judge.checks.isolation import isolation
from ktstr.judge.checks.measure import Limit
from ktstr.judge.checks.mechanisms import without_mechanism
from ktstr.judge.checks.result import CheckResult
from ktstr.judge.checks.starvation import starved
from ktstr.judge.workers.scope import Scope
from ktstr.model.verdict.checks import Checks, Detail, Verdict

LIMITS: tuple[Limit, ...] = (
    gaps.MAX_GAP,
    fairness.MAX_SPREAD,
    share.MAX_ERROR,
    latency.MAX_P99,
    latency.MAX_VARIATION,
    delay.MAX_DELAY,
    migration.MAX_RATE,
    migration.MAX_RATIO,
    throughput.MAX_VARIATION,
    throughput.MIN_WORK_RATE,
    throughput.MIN_ITERATION_RATE,
    locality.MIN_LOCALITY,
    locality.MAX_CROSS_NODE,
    locality.MAX_SLOW_TIER,
    cleanup.MAX_CLEANUP,
    conservation.MAX_WASTED,
)
SWITCHES: Mapping[str, Callable[[Scope], list[Detail]]] = {
    "not_starved": lambda scope: starved(scope.workers),
    "isolation": lambda scope: isolation(scope.workers, scope.presence, scope.lives),
}


@dataclass(frozen=True)
class Evaluation:
    """One check in one scope: its line in the result, still without a verdict, and its findings.

    of_cpus: it is about CPUs, and needs no workers.
    """

    result: CheckResult
    details: tuple[Detail, ...]
    of_cpus: bool = False

    def judged(self, details: list[Detail]) -> CheckResult:
        """The line with the verdict of its findings, which may have been excused meanwhile."""
        verdict = worst(detail.verdict for detail in details) or Verdict.PASS
        return dataclasses.replace(self.result, verdict=verdict)


def evaluate(scope: Scope, checks: Checks, layers: Mapping[str, str]) -> list[Evaluation]:
    """Every enabled check over `scope`; `layers` says who set each threshold."""
    found = []
    for name, switch in SWITCHES.items():
        if getattr(checks, name):
            result = CheckResult(name, scope.step, layers.get(name, ""))
            found.append(Evaluation(result, tuple(switch(scope))))
    for each in LIMITS:
        limit = getattr(checks, each.name)
        if limit is not None:
            found.append(_compare(each, scope, limit, layers.get(each.name, "")))
    return found


def enabled_limits(checks: Checks) -> list[str]:
    """The names of the checks of workers with a limit, and of isolation, that were asked for."""
    names = ["isolation", *(limit.name for limit in LIMITS if not limit.of_cpus)]
    return [name for name in names if getattr(checks, name) not in (None, False)]


def _compare(check: Limit, scope: Scope, limit: float, layer: str) -> Evaluation:
    measurements = without_mechanism(check, check.measure(scope), scope, limit)
    worst_one = check.worst(measurements)
    result = CheckResult(
        name=check.name,
        step=scope.step,
        layer=layer,
        limit=limit,
        least=check.least,
        unit=check.unit,
        measured=worst_one.value if worst_one else None,
        subject=worst_one.subject if worst_one else "",
    )
    details = tuple(check.details(measurements, scope, limit))
    return Evaluation(result, details, check.of_cpus)
