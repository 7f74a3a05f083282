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
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.compare.deals import MOST, deals_of
from ktstr.judge.numbers.student import quantile

CONFIDENCE = 0.95
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
        """How telling the difference is; 0 below the gate."""
        size = abs(self.difference)
        if size <= self.gate:
            return 0.0
        room = self.error(size) + self.gate
        return size / room if room else math.inf

    def error(self, size: float) -> float:
        """The standard error where a deal of the values has a difference of that size."""
        n, m = len(self.base), len(self.new)
        within = max(0.0, self._squares - n * m / (n + m) * size * size)
        return math.sqrt(within / (n + m - 2) * (1 / n + 1 / m))

    def size_of(self, score: float) -> float:
        """The size of difference that has this score (> 0), which grows with it; inf: none has."""
        n, m = len(self.base), len(self.new)
        if math.isinf(score):
            return math.sqrt(self._squares * (n + m) / (n * m))
        # size = score * (error(size) + gate), squared and sorted by powers of size
        per = (1 / n + 1 / m) / (n + m - 2)
        square = 1 + score * score * n * m / (n + m) * per
        half = score * self.gate
        rest = half * half - score * score * self._squares * per
        inside = half * half - square * rest
        size = (half + math.sqrt(inside)) / square if inside >= 0 else 0.0
        # else it is the square's other root, of a negative error
        return size if size >= half else math.inf

    @functools.cached_property
    def is_same(self) -> bool:
        """Whether Student's interval lies within the gate: a permutation's costs far more."""
        size, freedom = abs(self.difference), len(self.base) + len(self.new) - 2
        return size <= self.gate and size + _quantile(freedom) * self.error(size) <= self.gate

    @functools.cached_property
    def _squares(self) -> float:
        values = self.base + self.new
        mean = _mean(values)
        return math.fsum((each - mean) ** 2 for each in values)

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


def pooled_p(samples: Sequence[Sample], level: float) -> list[float]:
    """For each sample, how likely chance alone makes it as telling; all are of one figure.

    Of one whose own deals make it likelier than `level`, that is what is said: a noisy test among
    quiet ones is no news.
    """
    dealt = [_sizes(each) for each in samples]
    own = [_own_p(each, sizes) for each, sizes in zip(samples, dealt, strict=True)]
    observed = sorted(
        each.score for each, p in zip(samples, own, strict=True) if each.score and p <= level
    )
    if not observed:
        return own
    beyond = [0] * (len(observed) + 1)
    count = 0
    for each, sizes in zip(samples, dealt, strict=True):
        deals = deals_of(len(each.base), len(each.new))
        count += deals.count
        least = each.size_of(observed[0]) / _ROUNDING
        for size in sizes:
            if size >= least and size > each.gate:
                room = each.error(size) + each.gate
                score = size / room if room else math.inf
                beyond[bisect.bisect_right(observed, score * _ROUNDING)] += deals.weight
    # how many deals are at least as telling as the i-th of `observed`
    at_least = list(itertools.accumulate(reversed(beyond)))[::-1]
    found = []
    for each, p in zip(samples, own, strict=True):
        if not each.score or p > level:
            found.append(p)
            continue
        alike = at_least[bisect.bisect_right(observed, each.score)]
        # its own deals are among them, whatever rounding says
        mine = p * deals_of(len(each.base), len(each.new)).count
        found.append(max(mine, alike) / count)
    return found


@functools.cache
def _quantile(freedom: int) -> float:
    return quantile(CONFIDENCE, freedom)


def _own_p(sample: Sample, sizes: Sequence[float]) -> float:
    """How likely its own deals make its difference."""
    if not sample.score:
        return 1.0
    deals = deals_of(len(sample.base), len(sample.new))
    least = abs(sample.difference) / _ROUNDING
    return max(1, deals.weight * sum(size >= least for size in sizes)) / deals.count


def boots_needed(comparisons: int, pairs: int, level: float) -> int:
    """How many boots a side a single difference in `pairs` pairs needs to be found at all."""
    for boots in range(2, _MOST_BOOTS):
        own = 2 / min(math.comb(2 * boots, boots), MOST)
        if own <= level and own / pairs <= level / comparisons:
            return boots
    return _MOST_BOOTS


def _sizes(sample: Sample) -> array[float]:
    """The sizes of the differences of all deals; none where none can pass the gate."""
    n, m = len(sample.base), len(sample.new)
    values = sample.base + sample.new
    ordered = sorted(values)
    if max(_apart(ordered, n), _apart(ordered, m)) <= sample.gate:
        return array("d")
    per, shift = 1 / m + 1 / n, math.fsum(values) / n
    return array("d", [abs(dealt * per - shift) for dealt in deals_of(n, m).sums(values)])


def _apart(ordered: Sequence[float], count: int) -> float:
    """How far the means of the `count` smallest and of the others are apart."""
    return _mean(ordered[count:]) - _mean(ordered[:count])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
