# SPDX-License-Identifier: Apache-2.0
"""Permutation tests of few boots in many pairs, and the intervals that belong to them.

Where a change did nothing, which boot was of which side is arbitrary, and any other deal of the
same numbers was as likely. With five boots a side there are 252 deals, so that no test of one pair
comes below 1/252, which no correction for a thousand comparisons lets pass. So the deals of all
pairs with one figure are pooled: a difference is as unlikely as it is rare among the deals of all
of them (Tusher, Tibshirani and Chu, "Significance analysis of microarrays", PNAS 98, 2001, who add
a constant to the standard error, too; ours is the gate). What is pooled has no unit: the difference
of means by its standard error and gate together, and 0 below the gate.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.compare.deals import MOST, deals_of

CONFIDENCE = 0.95
# A difference that is nearer to zero than the gate by so many standard errors is none.
_CLEAR_ERRORS = 4.0
# A deal's difference is summed in another order than that which there was.
_ROUNDING = 1 + 1e-9
_MOST_BOOTS = 30


@dataclass(frozen=True)
class Interval:
    """Where the true change lies, in the figure's unit, with `confidence`."""

    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class Sample:
    """A figure of one pair: its values of base and new, a boot each, and its gate as an amount."""

    base: tuple[float, ...]
    new: tuple[float, ...]
    gate: float

    @functools.cached_property
    def difference(self) -> float:
        """Of the means, new less base."""
        return _mean(self.new) - _mean(self.base)

    @functools.cached_property
    def score(self) -> float:
        """How telling the difference is."""
        return next(iter(self.scores((abs(self.difference),))), 0.0)

    def scores(self, differences: Sequence[float]) -> list[float]:
        """How telling those are of these differences (>= 0) that pass the gate."""
        base, new, gate = self.base, self.new, self.gate
        n, m = len(base), len(new)
        mean = _mean(base + new)
        squares = math.fsum((each - mean) ** 2 for each in base + new)
        between, per = n * m / (n + m), (1 / n + 1 / m) / (n + m - 2)
        sqrt = math.sqrt
        return [
            d / room
            if (room := sqrt(max(0.0, squares - between * d * d) * per) + gate)
            else math.inf
            for d in differences
            if d > gate
        ]

    @functools.cached_property
    def is_clearly_same(self) -> bool:
        """Whether what the difference may be is far from the gate."""
        n, m, size = len(self.base), len(self.new), abs(self.difference)
        squares = _squares(self.base) + _squares(self.new)
        error = math.sqrt(squares / (n + m - 2) * (1 / n + 1 / m))
        return size + _CLEAR_ERRORS * error <= self.gate

    @functools.cached_property
    def interval(self) -> Interval | None:
        """The changes that a permutation test of this pair alone does not refuse.

        None: there are so few boots that none is refused.
        """
        n, m = len(self.base), len(self.new)
        deals = deals_of(n, m)
        refused = math.floor((1 - CONFIDENCE) / 2 * deals.count + 1e-9)
        if not refused:
            return None
        values = self.base + self.new
        per, top = 1 / m + 1 / n, self.difference + math.fsum(values) / n
        bounds = sorted([(top - sum(pick(values)) * per) * scale for pick, scale in deals.alone])
        return Interval(bounds[refused - 1], bounds[-refused], CONFIDENCE)


def pooled_p(samples: Sequence[Sample]) -> list[float]:
    """For each sample, how likely chance alone makes it as telling; all are of one figure."""
    observed = sorted(each.score for each in samples)
    beyond = [0] * (len(observed) + 1)
    count = 0
    for each in samples:
        deals = deals_of(len(each.base), len(each.new))
        count += deals.count
        for score in each.scores(_differences(each)):
            beyond[bisect.bisect_right(observed, score * _ROUNDING)] += deals.weight
    # how many deals are at least as telling as the i-th of `observed`
    at_least = list(itertools.accumulate(reversed(beyond)))[::-1]
    found = []
    for each in samples:
        place = bisect.bisect_right(observed, each.score)
        found.append(min(1.0, max(1, at_least[place]) / count) if each.score else 1.0)
    return found


def boots_needed(comparisons: int, pairs: int, level: float) -> int:
    """How many boots a side a single difference in `pairs` pairs needs to be found at all."""
    for boots in range(2, _MOST_BOOTS):
        if 2 / (pairs * min(math.comb(2 * boots, boots), MOST)) <= level / comparisons:
            return boots
    return _MOST_BOOTS


def _differences(sample: Sample) -> list[float]:
    """The sizes of those of all deals; none where none can pass the gate."""
    n, m = len(sample.base), len(sample.new)
    values = sample.base + sample.new
    ordered = sorted(values)
    if max(_apart(ordered, n), _apart(ordered, m)) <= sample.gate:
        return []
    per, shift = 1 / m + 1 / n, math.fsum(values) / n
    return [abs(sum(pick(values)) * per - shift) for pick in deals_of(n, m).halves]


def _apart(ordered: Sequence[float], count: int) -> float:
    """How far the means of the `count` smallest and of the others are apart."""
    return _mean(ordered[count:]) - _mean(ordered[:count])


def _squares(values: Sequence[float]) -> float:
    mean = _mean(values)
    return sum((each - mean) ** 2 for each in values)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
