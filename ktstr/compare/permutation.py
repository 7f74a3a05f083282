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

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.compare.deals import MOST, deals_of

CONFIDENCE = 0.95
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


def boots_needed(comparisons: int, pairs: int, level: float) -> int:
    """How many boots a side a single difference in `pairs` pairs needs to be found at all."""
    for boots in range(2, _MOST_BOOTS):
        own = 2 / min(math.comb(2 * boots, boots), MOST)
        if own <= level and own / pairs <= level / comparisons:
            return boots
    return _MOST_BOOTS


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
