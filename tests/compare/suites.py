# SPDX-License-Identifier: Apache-2.0
"""Suites in real time that were never run, and of which the truth is known.

Each test has figures as schedulers have: rates with a noise of some percent, latencies with a long
tail, longest gaps that jump, counts that are mostly zero, and tests that now and then fail.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ktstr.compare.finding import Finding, Outcome
from ktstr.compare.gates import Gates
from ktstr.compare.noisy import Question, answered
from ktstr.compare.permutation import Sample
from ktstr.delta.looks import Looks
from ktstr.history.entry import FigureKey

Draw = Callable[[random.Random, float], float]
Boots = tuple[float, ...]


def _rate(noise: float) -> Draw:
    return lambda drawing, factor: 1e5 / factor * drawing.lognormvariate(0, noise)


def _latency(drawing: random.Random, factor: float) -> float:
    return 40 * factor * drawing.lognormvariate(0, 0.15)


def _gap(drawing: random.Random, factor: float) -> float:
    """Multiples of a tick, with a tail: one in some boots is far longer than all others."""
    return 4 * factor * math.ceil(drawing.paretovariate(2.5))


def _migrations(drawing: random.Random, factor: float) -> float:
    return float(sum(drawing.random() < 0.02 * factor for _ in range(100)))


FIGURES: Mapping[str, tuple[str, str, Draw]] = {
    "iterations_per_s_min": ("1/s", "higher_better", _rate(0.01)),
    "work_per_cpu_s_mean": ("1/s", "higher_better", _rate(0.03)),
    "iterations": ("", "higher_better", _rate(0.08)),
    "wake_p99_us": ("us", "lower_better", _latency),
    "max_gap_ms": ("ms", "lower_better", _gap),
    "migrations": ("", "lower_better", _migrations),
}
_GATES = Gates()


@dataclass(frozen=True)
class Change:
    """What is true: one test (or none) is slower by `factor` in these figures."""

    factor: float = 1.0
    figures: tuple[str, ...] = tuple(FIGURES)


@dataclass(frozen=True)
class Score:
    """What a comparison made of a suite.

    alarms: findings of what did not change. hits: of what did.
    """

    alarms: int
    hits: int
    findings: tuple[Finding, ...]


def compared(
    seed: int, tests: int, boots: int, change: Change, looks: Looks | None = None
) -> Score:
    """Draws a suite, both sides of it, and compares them; test 0 is the one that changed.

    looks: the boots come one after another, and the first look that tells anything is the last.
    """
    asked = list(_questions(random.Random(seed), tests, boots, change))
    return scored(asked, change.figures if change.factor != 1.0 else (), looks)


def scored(asked: Sequence[Question], changed: Sequence[str], looks: Looks | None = None) -> Score:
    """Compares a suite, of whose test 0 these figures became worse."""
    found, _ = answered(asked)
    if looks is not None:
        for seen in looks.boots:
            found, _ = answered([_first(each, seen) for each in asked], looks.level)
            if any(each.outcome in (Outcome.WORSE, Outcome.BETTER) for each in found):
                break
    told = [each for each in found if each.outcome in (Outcome.WORSE, Outcome.BETTER)]
    right = [
        each
        for each in told
        if each.pair["test"] == "0"
        and each.figure.removeprefix("total.") in changed
        and each.outcome is Outcome.WORSE
    ]
    return Score(len(told) - len(right), len(right), tuple(told))


def _first(question: Question, boots: int) -> Question:
    """The question as it is when each side has so many boots."""
    sample = question.sample
    return asked_of(question.told["test"], question.key, sample.base[:boots], sample.new[:boots])


def asked_of(test: str, key: FigureKey, base: Boots, new: Boots) -> Question:
    """What is asked about a figure's boots of both sides, with its default gate."""
    mean = math.fsum(base + new) / (len(base) + len(new))
    return Question(
        {"test": test}, key, Sample(base, new, _GATES.of(key, exact=False).amount(mean))
    )


def _questions(
    drawing: random.Random, tests: int, boots: int, change: Change
) -> Iterator[Question]:
    for test in range(tests):
        speed = drawing.lognormvariate(0, 0.5)
        for name, (unit, polarity, draw) in FIGURES.items():
            factor = change.factor if test == 0 and name in change.figures else 1.0
            base = tuple(draw(drawing, speed) for _ in range(boots))
            new = tuple(draw(drawing, speed * factor) for _ in range(boots))
            yield asked_of(str(test), FigureKey(name, unit, polarity, "", None, None), base, new)
