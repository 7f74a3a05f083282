# SPDX-License-Identifier: Apache-2.0
"""Every check of workers, each by itself: none sees another's outcome, nor depends on the order."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ktstr.judge import checks as checks_room
from ktstr.judge.blame.ranking import worst
from ktstr.judge.checks.isolation import isolation
from ktstr.judge.checks.measure import Limit
from ktstr.judge.checks.mechanisms import without_mechanism
from ktstr.judge.checks.result import CheckResult
from ktstr.judge.checks.scx_events import error_events
from ktstr.judge.checks.stall import stalls
from ktstr.judge.checks.starvation import starved
from ktstr.judge.workers.scope import Scope
from ktstr.model.verdict.checks import OPTIONS, Checks, Detail, Verdict

SWITCHES: Mapping[str, Callable[[Scope], list[Detail]]] = {
    "not_starved": lambda scope: starved(scope.workers),
    "isolation": lambda scope: isolation(scope.workers, scope.presence, scope.lives),
    "no_stall": stalls,
    "no_scx_error_events": error_events,
}
# those of them that are about CPUs, and need no workers
_OF_CPUS = ("no_stall", "no_scx_error_events")
# what is asked of a run as a whole, and judged by what was found of that (`ktstr.judge.judge`)
OF_THE_RUN = ("scheduler_alive", "clean_kernel_log", "invariants")


def _limits() -> tuple[Limit, ...]:
    """Every limit that a file of this room declares, in the order of the fields of `Checks`.

    Raises:
        KeyError: a field is neither a switch nor declared as a limit.
        TypeError: a limit is declared that is no field, or twice.
    """
    declared: dict[str, Limit] = {}
    for file in pkgutil.iter_modules(checks_room.__path__):
        room = f"{checks_room.__name__}.{file.name}"
        if room == __name__:
            continue
        for each in vars(importlib.import_module(room)).values():
            if isinstance(each, Limit) and declared.setdefault(each.name, each) is not each:
                raise TypeError(f"two limits {each.name!r} are declared in {checks_room.__name__}")
    names = [field.name for field in dataclasses.fields(Checks)]
    others = (*SWITCHES, *OF_THE_RUN, *OPTIONS)
    found = tuple(declared.pop(name) for name in names if name not in others)
    if declared:
        raise TypeError(f"Checks has no field {', '.join(declared)}")
    return found


LIMITS = _limits()


@dataclass(frozen=True)
class Evaluation:
    """One check in one scope: its line in the result, still without a verdict, and its findings.

    of_cpus: it is about CPUs, or the scheduler's programs, and needs no workers.
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
            found.append(Evaluation(result, tuple(switch(scope)), name in _OF_CPUS))
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
