# SPDX-License-Identifier: Apache-2.0
"""Relative claims: the scheduler against others, by pairs of legs under one workload.

For each pair the factor is taken by which the scheduler did worse (its value by EEVDF's where less
is better, the inverse where more is).  Logarithms of factors are compared with the claim's by a
paired t interval: mean +- t * s / sqrt(n), with Student's t of n - 1 degrees of freedom.  With m
intervals in a run each has the confidence 1 - (1 - c) / m (Bonferroni), so that c is that of all.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from dataclasses import dataclass

from ktstr.judge.blame.subject import leg_problem
from ktstr.judge.numbers.student import quantile
from ktstr.judge.relative.legs import value_of
from ktstr.judge.workers.phases import step_workers
from ktstr.model.facts import StepFacts
from ktstr.model.payload import Polarity
from ktstr.model.scenario.relative import EEVDF, Comparison, RelativeClaim
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.figures import compared
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

_MOST_ADVISED = 100
# few pairs that differ widely have intervals beyond what a float holds; from here on it is no news
_MOST_LOG = 700.0


@dataclass(frozen=True)
class Pair:
    """What a measure came to under the scheduler and under the other; None: not measured.

    why: why one of the legs is not what it is meant to be; empty where both are.
    """

    scheduler: float | None
    other: float | None
    why: str = ""


@dataclass(frozen=True)
class RelativeResult:
    """A claim in one phase: the factor by which the scheduler is worse than `against`.

    `pairs` are in order.  factor, low, high: None where a pair has no value, as `why` says.
    """

    claim: RelativeClaim
    against: str
    phase: str
    confidence: float
    pairs: tuple[Pair, ...]
    verdict: Verdict
    factor: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


def relative_results(run: RunRecord) -> list[RelativeResult]:
    """Every claim of the plan's comparison, about each that it names, in each phase."""
    compared = run.plan.scenario.compared if run.plan.scenario is not None else None
    if compared is None:
        return []
    bounds = compared.bounds()
    confidence = 1 - (1 - compared.confidence) / (len(bounds) * len(compared.phases))
    return [
        _result(claim, other, name, confidence, _pairs(run, compared, claim, other, phase))
        for claim, other in bounds
        for phase, name in enumerate(compared.phases)
    ]


def relative_details(results: list[RelativeResult]) -> list[Detail]:
    """A detail for each claim that is refuted, and for each that nothing is known of."""
    return [
        Detail(
            Kind.RELATIVE if result.factor is not None else Kind.NO_DATA,
            f"{result.claim.words} in {result.phase}: {result.why}",
            result.verdict,
            result.claim.measure,
        )
        for result in results
        if result.verdict is not Verdict.PASS
    ]


def under_test(run: RunRecord) -> RunRecord:
    """The run less the workers of the others' legs, for whom no scheduler under test answers."""
    compared = run.plan.scenario.compared if run.plan.scenario is not None else None
    if compared is None:
        return run
    kept = tuple(
        worker
        for worker in run.workers
        if worker.step is None or compared.place(worker.step)[2] is None
    )
    return dataclasses.replace(run, workers=kept)


def interval(logs: list[float], confidence: float) -> tuple[float, float, float]:
    """(mean, low, high) of two or more numbers, by Student's t."""
    mean = statistics.fmean(logs)
    error = statistics.stdev(logs) / math.sqrt(len(logs))
    half = quantile(confidence, len(logs) - 1) * error
    return mean, mean - half, mean + half


def _result(
    claim: RelativeClaim, other: str, phase: str, confidence: float, pairs: tuple[Pair, ...]
) -> RelativeResult:
    result = RelativeResult(claim, other, phase, confidence, pairs, Verdict.INCONCLUSIVE)
    problem = next(filter(None, (_problem(i, pair, other) for i, pair in enumerate(pairs))), "")
    if problem:
        return dataclasses.replace(result, why=problem)
    logs = [_log_factor(claim, pair) for pair in pairs]
    mean, low, high = interval(logs, confidence)
    bound = math.log(claim.ratio)
    if high < bound or (high == bound and not claim.strict):
        verdict = Verdict.PASS
    else:
        verdict = Verdict.FAIL if low > bound else Verdict.INCONCLUSIVE
    result = dataclasses.replace(
        result, verdict=verdict, factor=_factor(mean), low=_factor(low), high=_factor(high)
    )
    return dataclasses.replace(result, why=_why(result, abs(mean - bound), (high - low) / 2))


def _pairs(
    run: RunRecord, compared: Comparison, claim: RelativeClaim, other: str, phase: int
) -> tuple[Pair, ...]:
    found: dict[tuple[int, str | None], float | None] = {}
    problems: dict[int, str] = {}
    for step in run.scenarios[0].steps if run.scenarios else ():
        turn, of_phase, who = compared.place(step.index)
        if of_phase != phase or who not in (None, other) or not _ran_as_meant(run, step, who):
            continue
        problem = leg_problem(run, step, who, claim.cgroup)
        if problem:
            problems.setdefault(turn, problem)
        else:
            workers = [
                worker
                for worker in step_workers(run, run.scenarios[0], step)
                if claim.cgroup in (None, worker.cgroup)
            ]
            found[turn, who] = value_of(claim.measure, workers)
    return tuple(
        Pair(found.get((turn, None)), found.get((turn, other)), problems.get(turn, ""))
        for turn in range(compared.repeats)
    )


def _ran_as_meant(run: RunRecord, step: StepFacts, who: str | None) -> bool:
    """Whether the lives of schedulers show that the step ran under the one that it is meant for."""
    own = run.plan.scheduler.name if run.plan.scheduler is not None else None
    lives = [
        (facts.name, facts.began_ns, facts.ended_ns)
        for facts in run.schedulers
        if facts.began_ns is not None
    ]
    if who == EEVDF:
        return all(
            end is not None and (end <= step.started_ns or begin >= step.ended_ns)
            for _, begin, end in lives
        )
    return any(
        name == (who or own) and begin <= step.started_ns and (end is None or end >= step.ended_ns)
        for name, begin, end in lives
    )


def _problem(index: int, pair: Pair, other: str) -> str:
    if pair.why:
        return f"in pair {index} {pair.why}"
    for who, value in (("the scheduler", pair.scheduler), (other, pair.other)):
        if value is None:
            return f"there is no value of pair {index} under {who}"
        if not (math.isfinite(value) and value > 0):
            return (
                f"it is {value:g} in pair {index} under {who}, and there is no ratio to that; "
                f"choose a measure that is never 0 here, or more load"
            )
    return ""


def _factor(log: float) -> float:
    return math.exp(min(log, _MOST_LOG))


def _log_factor(claim: RelativeClaim, pair: Pair) -> float:
    assert pair.scheduler is not None and pair.other is not None
    factor = math.log(pair.scheduler) - math.log(pair.other)
    better = compared(claim.measure, claim.words).polarity
    return -factor if better is Polarity.HIGHER_BETTER else factor


def _why(result: RelativeResult, distance: float, half: float) -> str:
    words = (
        f"{result.factor:.3g} times as bad as {result.against} ({100 * result.confidence:.3g}% "
        f"interval {result.low:.3g} to {result.high:.3g} of {len(result.pairs)} pairs)"
    )
    if result.verdict is not Verdict.INCONCLUSIVE:
        return words
    more = f"{words}; the bound {result.claim.ratio:.3g} lies within: more repeats may tell"
    # the half width falls with the root of the number of pairs
    needed = math.inf if distance == 0 else len(result.pairs) * (half / distance) ** 2
    if needed <= _MOST_ADVISED:
        return f"{more}, about {math.ceil(needed)} if the rest are like these"
    return f"{more}, but more than {_MOST_ADVISED} would be needed; claim less, or run longer legs"
