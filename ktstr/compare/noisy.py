# SPDX-License-Identifier: Apache-2.0
"""Pairs of real time: a boot is one value, and chance has a part in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ktstr.compare import verdicts
from ktstr.compare.correction import benjamini_hochberg
from ktstr.compare.exact import direction
from ktstr.compare.figures import Figures
from ktstr.compare.finding import VERDICT, Finding, Outcome
from ktstr.compare.gates import Gate
from ktstr.compare.pairing import Pair
from ktstr.compare.permutation import Sample, boots_needed
from ktstr.history.entry import FigureKey
from ktstr.history.queries import Row
from ktstr.model.payload import Polarity

# The part of what is told that may be by chance; how often anything is where nothing changed.
LEVEL = 0.05
BOOTS_OPTION = "--runs_per_test"
_FEWEST = 2
# Of boots that fail: half of them more or less is worth a word.
_FAILING = FigureKey(VERDICT, "", Polarity.LOWER_BETTER, "", None, None)
_FAILING_GATE = 0.25
_POLAR = frozenset({Polarity.HIGHER_BETTER, Polarity.LOWER_BETTER})


@dataclass(frozen=True)
class Question:
    """A figure of one pair that is asked about; why: it has no answer."""

    told: Mapping[str, str]
    key: FigureKey
    sample: Sample
    why: str = ""


def without_boots(pair: Pair, told: Mapping[str, str]) -> Finding | None:
    """What becomes of a pair that both sides have, and of which no boot counts; None: some do."""
    base, new = _own(pair)
    boots = (len(base), len(new))
    if not (base and new):
        why = "nothing but results that Bazel took from its cache: the inputs are the same"
        return Finding(told, VERDICT, "", "", Outcome.SAME, boots=boots, why=why)
    if verdicts.judged(base) or verdicts.judged(new):
        return None
    outcome, why = verdicts.compared(base[-1], new[-1])
    return Finding(told, VERDICT, "", "", outcome, boots=boots, why=why)


def questions(
    pair: Pair, told: Mapping[str, str], figures: Figures, gate_of: Callable[[FigureKey], Gate]
) -> Iterator[Question]:
    """What is asked about a pair with boots on a side: failing, and each figure with a polarity."""
    base, new = _own(pair)
    old_judged, new_judged = verdicts.judged(base), verdicts.judged(new)
    failing = (_failing(old_judged), _failing(new_judged))
    yield _question(told, _FAILING, *failing, _FAILING_GATE)
    olds, news = figures.columns(old_judged), figures.columns(new_judged)
    for key in olds if olds.keys() == news.keys() else {**olds, **news}:
        if key.polarity in _POLAR:
            was, now = olds.get(key, ()), news.get(key, ())
            both = was + now
            yield _question(told, key, was, now, gate_of(key).amount(math.fsum(both) / len(both)))


def _own(pair: Pair) -> tuple[list[Row], list[Row]]:
    """Of each side the boots that the other has not: those Bazel took from its cache."""
    shared = {row.result for row in pair.base} & {row.result for row in pair.new}
    base = [row for row in pair.base if row.result not in shared]
    return base, [row for row in pair.new if row.result not in shared]


def answered(
    asked: Iterable[Question], level: float = LEVEL, option: str = BOOTS_OPTION
) -> tuple[list[Finding], list[str]]:
    """What all questions of a comparison come to, and what is to be said about them all.

    level: the part of what is told that may be by chance.  option: what takes more boots.
    """
    found: list[Finding] = []
    answerable: list[Question] = []
    for each in asked:
        if each.why:
            outcome = Outcome.UNDECIDED if _both(each.sample) else Outcome.MISSING
            found.append(_finding(each, outcome, None, each.why))
        else:
            answerable.append(each)
    probabilities, same = _asked(answerable, level)
    corrected = benjamini_hochberg(probabilities)
    undecided: list[Question] = []
    for each, p, is_same in zip(answerable, corrected, same, strict=True):
        outcome = Outcome.SAME if is_same else Outcome.UNDECIDED
        if p <= level:
            outcome = direction(each.key.polarity, each.sample.difference)
        if outcome is Outcome.UNDECIDED:
            undecided.append(each)
        found.append(_finding(each, outcome, p))
    return found, _notes(answerable, undecided, level, option)


def _question(
    told: Mapping[str, str],
    key: FigureKey,
    base: tuple[float, ...],
    new: tuple[float, ...],
    gate: float,
) -> Question:
    sample = Sample(base, new, gate)
    if not base or not new:
        side = "new" if base else "base"
        return Question(told, key, sample, f"{side} has no boot with such a figure")
    if min(len(base), len(new)) < _FEWEST:
        why = f"{len(base)} and {len(new)} boots: chance cannot be told with fewer than {_FEWEST}"
        return Question(told, key, sample, why)
    return Question(told, key, sample)


def _asked(asked: Sequence[Question], level: float) -> tuple[list[float], list[bool]]:
    """Of each question how likely chance is, and whether nothing changed.

    Deals are pooled by figure and numbers of boots.
    """
    from ktstr.compare.pooled import asked_of  # late, as most comparisons need no numpy

    pools: dict[tuple[str, int, int], list[int]] = {}
    for index, each in enumerate(asked):
        boots = (len(each.sample.base), len(each.sample.new))
        pools.setdefault((each.key.name, *boots), []).append(index)
    found, same = [1.0] * len(asked), [False] * len(asked)
    for pool in pools.values():
        told = asked_of([asked[i].sample for i in pool], level)
        for index, p, is_same in zip(pool, told.p, told.same, strict=True):
            found[index], same[index] = p, is_same
    return found, same


def _finding(question: Question, outcome: Outcome, p: float | None, why: str = "") -> Finding:
    sample, key = question.sample, question.key
    told = outcome not in (Outcome.SAME, Outcome.MISSING) and not why
    return Finding(
        question.told,
        key.text if key is not _FAILING else VERDICT,
        key.unit,
        key.polarity,
        outcome,
        _mean(sample.base),
        _mean(sample.new),
        sample,
        p,
        (len(sample.base), len(sample.new)),
        why or (_failed(sample) if key is _FAILING and told else ""),
    )


def _failed(sample: Sample) -> str:
    was, now = sum(sample.base), sum(sample.new)
    return (
        f"{was:.0f} of {len(sample.base)} boots failed before, {now:.0f} of {len(sample.new)} now"
    )


def _notes(
    asked: Sequence[Question], undecided: Sequence[Question], level: float, option: str
) -> list[str]:
    """How many boots would do, where there are too few for one difference to be found."""
    if not undecided:
        return []
    pools: dict[str, int] = {}
    for each in asked:
        pools[each.key.name] = pools.get(each.key.name, 0) + 1
    largest = max(pools[each.key.name] for each in undecided)
    needed = boots_needed(len(asked), largest, level)
    have = min(min(len(each.sample.base), len(each.sample.new)) for each in undecided)
    if have >= needed:
        return []
    return [
        f"{len(asked)} comparisons were made of boots in real time, of {have} boots a side at the "
        f"least: a difference in one figure of one test alone is told from chance with {needed} "
        f"({option}={needed}), or with fewer figures (--figure) or tests (--where)"
    ]


def _failing(rows: Sequence[Row]) -> tuple[float, ...]:
    return tuple(float(row.verdict == verdicts.FAIL) for row in rows)


def _both(sample: Sample) -> bool:
    return bool(sample.base and sample.new)


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
