# SPDX-License-Identifier: Apache-2.0
"""Claims: about values that a test function saw, and about figures of the result."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ktstr.introspect.costs.costs import OpCosts
from ktstr.judge.claim_result import ClaimResult
from ktstr.judge.figures import FigureName
from ktstr.judge.scheduler import never_ran
from ktstr.judge.statistics.figure_table import OF_A_CGROUP, OF_ALL, OF_CALLS
from ktstr.judge.statistics.run import RunStatistics, StepStatistics
from ktstr.judge.statistics.told import Told
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.parts import made_in
from ktstr.model.scenario.scenario import TOTAL, Scenario
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.claims import Relation, SeriesClaim, StatClaim
from ktstr.model.verdict.kinds import Kind
from ktstr.model.verdict.op_figures import check_op_figure, is_op_figure
from ktstr.model.verdict.relations import holds, words
from ktstr.model.verdict.stats_figures import STATS, stats_figure
from ktstr.record.run import RunRecord


def claim_results(run: RunRecord, statistics: RunStatistics) -> list[ClaimResult]:
    """All claims of the run, the functions' first, in the order that they were made."""
    made = [_result(each.name, each.value, each.relation) for each in run.claims]
    if run.end is None or never_ran(run):
        return made  # it did not get that far, and another finding says why
    return made + [_planned(run, each, statistics) for each in run.plan.claims]


def claim_details(results: list[ClaimResult]) -> list[Detail]:
    """FAIL for each claim that does not hold, INCONCLUSIVE for what could not be judged."""
    details = []
    for each in results:
        if each.verdict is Verdict.FAIL:
            message = f"claim {each.name!r}: {each.value!r} is not {each.relation}"
            details.append(Detail(Kind.CLAIM, message, Verdict.FAIL, each.name))
        elif each.verdict is Verdict.INCONCLUSIVE:
            message = f"claim {each.name!r} could not be judged: {each.why}"
            details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE, each.name))
    return details


def _planned(
    run: RunRecord, claim: StatClaim | SeriesClaim, statistics: RunStatistics
) -> ClaimResult:
    if isinstance(claim, StatClaim):
        return _stat(run, claim, statistics)
    # late: few tests have some
    from ktstr.judge.series.claims import series_result

    return series_result(run, claim)


def check_claims(claims: tuple[StatClaim | SeriesClaim, ...], scenario: Scenario | None) -> None:
    """Refuses claims about figures and series that no run could have.

    Cgroups and steps are known where the scenario is data; a test function may make any.

    Raises:
        UsageError: what was asked for, and what there is.
    """
    for claim in claims:
        if isinstance(claim, SeriesClaim):
            _check_series(claim, scenario)
            continue
        if is_op_figure(claim.stat):
            check_op_figure(claim.stat, claim.step)
            continue
        told = stats_figure(claim.stat, claim.step)
        if told is not None and (scenario is None or STATS not in _cgroups(scenario)):
            _check_told(claim, told[0], scenario)
            continue
        name = FigureName.parse(claim.stat)
        if scenario is None:
            continue
        step = name.placed(claim.step, _cgroups(scenario), _labels(scenario)).step
        _check_step(f"stat {claim.stat!r}", step, scenario)


def _check_series(claim: SeriesClaim, scenario: Scenario | None) -> None:
    from ktstr.judge.series.points import check_source

    check_source(claim)
    if scenario is None or not claim.step:
        return
    labels = _labels(scenario)
    if claim.step not in labels:
        raise UsageError(
            f"series {claim.name!r}: the scenario has no step {claim.step!r}; its steps: "
            f"{', '.join(labels) or 'none'}"
        )
    _check_step(f"series {claim.name!r}", claim.step, scenario)


def _check_told(claim: StatClaim, step: str, scenario: Scenario | None) -> None:
    """A claim about what the scheduler tells of itself: at the end of each step."""
    if scenario is None:
        return
    labels = _labels(scenario)
    if step and step not in labels:
        raise UsageError(
            f"stat {claim.stat!r}: the scenario has no step {step!r}; its steps: "
            f"{', '.join(labels) or 'none'}"
        )
    if not step and len(scenario.steps) > 1:
        raise UsageError(
            f"stat {claim.stat!r}: a scheduler tells its statistics of each step, and there are "
            f"{len(scenario.steps)}; give the one that is meant: stat({claim.stat!r}, step='0')"
        )
    _check_step(f"stat {claim.stat!r}", step, scenario)


def _check_step(what: str, step: str, scenario: Scenario) -> None:
    meant = [i for i, each in enumerate(scenario.steps) if step in (each.name, f"{i}")]
    if step and len(meant) > 1:
        raise UsageError(
            f"{what}: {step!r} is the number or name of steps {', '.join(map(str, meant))}; give "
            f"the one that is meant a name of its own"
        )


def _labels(scenario: Scenario) -> list[str]:
    """What steps can be called by: numbers, then names."""
    numbers = [f"{i}" for i in range(len(scenario.steps))]
    return numbers + [step.name for step in scenario.steps if step.name]


def _cgroups(scenario: Scenario) -> set[str]:
    return {cgroup.name for cgroup in made_in(scenario)}


def _result(name: str, value: Any, relation: Relation | None) -> ClaimResult:
    if relation is None:
        why = "nothing was claimed of it; say e.g. .at_least(...)"
        return ClaimResult(name, value, "", Verdict.INCONCLUSIVE, why)
    said = words(relation)
    if value is None:
        return ClaimResult(name, None, said, Verdict.INCONCLUSIVE, "it has no value (None or NaN)")
    try:
        verdict = Verdict.PASS if holds(relation, value) else Verdict.FAIL
    except UsageError as error:
        return ClaimResult(name, value, said, Verdict.INCONCLUSIVE, str(error))
    return ClaimResult(name, value, said, verdict)


def _missing(claim: StatClaim, why: str) -> ClaimResult:
    return ClaimResult(_shown(claim), None, words(claim.relation), Verdict.INCONCLUSIVE, why)


def _shown(claim: StatClaim) -> str:
    return f"{claim.stat} in step {claim.step}" if claim.step else claim.stat


def _placed(run: RunRecord, claim: StatClaim) -> FigureName:
    """What a claim is about, by what was planned and, of a test function, what it has played."""
    played = [step for each in run.scenarios for step in each.steps]
    steps = [label for step in played for label in (f"{step.index}", step.name) if label]
    cgroups = {each.name for each in run.cgroups} | {each.cgroup for each in run.workers}
    if (scenario := run.plan.scenario) is not None:
        steps += [label for label in _labels(scenario) if label not in steps]
        cgroups |= _cgroups(scenario)
    return FigureName.parse(claim.stat).placed(claim.step, cgroups, steps)


def _stat(run: RunRecord, claim: StatClaim, statistics: RunStatistics) -> ClaimResult:
    if is_op_figure(claim.stat):
        return _of_call(run, claim)
    told = stats_figure(claim.stat, claim.step)
    if told is not None and STATS not in {each.name for each in run.cgroups}:
        return _of_scheduler(run.plan.scheduler, statistics.told, claim, *told)
    try:
        name = _placed(run, claim)
    except UsageError as error:
        return _missing(claim, str(error))
    parts = [statistics] if not name.step else list(_steps(statistics, name.step))
    if len(parts) != 1:
        return _missing(claim, f"{len(parts)} steps {name.step!r} were played, one is expected")
    if name.cgroup == TOTAL:
        value = OF_ALL[name.figure].of(parts[0].total)
    else:
        found = {stats.name: stats for stats in parts[0].cgroups}
        if name.cgroup not in found:
            there = ", ".join(sorted(found)) or "none"
            why = f"no worker of cgroup {name.cgroup!r} reported; cgroups with workers: {there}"
            return _missing(claim, why)
        value = OF_A_CGROUP[name.figure].of(found[name.cgroup])
    if value is None or math.isnan(value):
        return _missing(claim, "the figure was not measured, or has nothing to be divided by")
    return _result(_shown(claim), value, claim.relation)


def _of_call(run: RunRecord, claim: StatClaim) -> ClaimResult:
    """A claim about what calls cost."""
    try:
        whose, figure = check_op_figure(claim.stat, claim.step)
    except UsageError as error:
        return _missing(claim, str(error))
    costs = run.op_costs or OpCosts(problem="instructions were not counted")
    found = next((each for each in costs.costs if each.whose == whose), None)
    if costs.problem:
        return _missing(claim, costs.problem)
    if found is None:
        if whose in costs.asleep:
            return _missing(claim, f"{whose} may sleep, so that its calls are not counted")
        there = ", ".join(each.whose for each in costs.costs) or "none"
        return _missing(claim, f"there was no call of {whose}; there were calls of {there}")
    return _result(_shown(claim), OF_CALLS[figure].of(found), claim.relation)


def _of_scheduler(
    scheduler: SchedulerPlan | None,
    told: tuple[Told, ...],
    claim: StatClaim,
    step: str,
    figure: str,
) -> ClaimResult:
    """A claim about what the scheduler told of itself."""
    if scheduler is None or not scheduler.stats_socket:
        whose = f"scheduler {scheduler.name}" if scheduler is not None else "EEVDF"
        return _missing(claim, f"{whose} has no stats_socket, and so was not asked")
    found = [each for each in told if not step or step in each.labels]
    if len(found) != 1:
        which = f"steps {step!r}" if step else "steps"
        return _missing(claim, f"it was asked in {len(found)} {which}, one is expected")
    if found[0].problem:
        return _missing(claim, f"scheduler {scheduler.name}: {found[0].problem}")
    if figure not in found[0].values:
        known = found[0].values
        why = f"scheduler {scheduler.name} tells no number {figure!r}{did_you_mean(figure, known)}"
        return _missing(claim, f"{why}; it tells {', '.join(sorted(known))}")
    return _result(_shown(claim), found[0].values[figure], claim.relation)


def _steps(statistics: RunStatistics, wanted: str) -> Iterator[StepStatistics]:
    for steps in statistics.scenarios:
        for step in steps:
            if wanted in (step.name, str(step.index)):
                yield step
