# SPDX-License-Identifier: Apache-2.0
"""How likely chance alone makes differences as telling as those of many pairs, and who is the same.

A module of its own, imported where there are boots to compare: numpy takes a tenth of a second.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktstr.compare.deals import deals_of
from ktstr.compare.permutation import CONFIDENCE, Sample
from ktstr.judge.numbers.student import quantile

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

# A deal's difference is summed in another order than that which there was.
ROUNDING = 1 + 1e-9
# Numbers of an array at once, 8 bytes each: a few of them fit into a CPU's cache.
_AT_ONCE = 1 << 15


@dataclass(frozen=True)
class Asked:
    """What was asked of each sample of a pool.

    p: how likely chance alone makes it as telling.  same: Student's interval of `CONFIDENCE` lies
    within the gate; a permutation's costs far more.
    """

    p: list[float]
    same: list[bool]


def asked_of(samples: Sequence[Sample], level: float) -> Asked:
    """Asks all; they are of one figure, and have as many boots of each side, two at least.

    Of one whose own deals make it likelier than `level`, that is what is said: a noisy test among
    quiet ones is no news.
    """
    pool = _Pool(samples)
    same = [bool(each) for each in pool.is_same()]
    scores = pool.observed()
    own = pool.own_p(scores)
    told = (scores > 0) & (own <= level)
    observed = np.sort(scores[told])
    if observed.size:
        beyond = np.zeros(observed.size + 1)
        for _, dealt in pool.dealt(pool.may_tell()):
            telling = dealt[dealt * ROUNDING >= observed[0]]
            places = np.searchsorted(observed, telling * ROUNDING, side="right")
            beyond += np.bincount(places, minlength=observed.size + 1)
        # how many deals are at least as telling as the i-th of `observed`
        at_least = np.cumsum(beyond[::-1])[::-1] * pool.deals.weight
        alike = at_least[np.searchsorted(observed, scores[told], side="right")]
        # its own deals are among them, whatever rounding says
        mine = own[told] * pool.deals.count
        own[told] = np.maximum(mine, alike) / (pool.deals.count * len(samples))
    return Asked([float(p) for p in own], same)


class _Pool:
    """The samples as arrays, a row each, base first."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.n, self.m = len(samples[0].base), len(samples[0].new)
        self.deals = deals_of(self.n, self.m)
        self._values: Floats = np.array([each.base + each.new for each in samples], float)
        self._gates: Floats = np.array([each.gate for each in samples], float)
        apart = self._values - self._values.mean(axis=1, keepdims=True)
        self._squares: Floats = (apart * apart).sum(axis=1)

    def observed(self) -> Floats:
        """How telling the difference of each sample is; 0 below the gate."""
        rows = np.arange(len(self._values))
        return self._scores(self._sizes(), rows)[:, 0]

    def is_same(self) -> NDArray[np.bool_]:
        """Whether Student's interval lies within the gate."""
        size, rows = self._sizes(), np.arange(len(self._values))
        reach = size + quantile(CONFIDENCE, self.n + self.m - 2) * self._errors(size, rows)
        return (reach <= self._gates[:, None])[:, 0]

    def own_p(self, scores: Floats) -> Floats:
        """How likely each sample's own deals make it."""
        found = np.ones(len(scores))
        for rows, dealt in self.dealt(np.flatnonzero(scores > 0)):
            alike = self.deals.weight * (dealt >= scores[rows, None] / ROUNDING).sum(axis=1)
            found[rows] = np.maximum(1, alike) / self.deals.count
        return found

    def may_tell(self) -> Rows:
        """The samples of which any deal is above the gate."""
        ordered = np.sort(self._values, axis=1)
        apart = np.zeros(len(ordered))
        for few in (self.n, self.m):
            means = ordered[:, few:].mean(axis=1) - ordered[:, :few].mean(axis=1)
            apart = np.maximum(apart, means)
        return np.flatnonzero(apart > self._gates)

    def dealt(self, of: Rows) -> Iterator[tuple[Rows, Floats]]:
        """The scores of all deals of some samples: their numbers, and a column for each deal."""
        picks = _picks(self.n, self.m)
        per = 1 / self.m + 1 / self.n
        step = max(1, _AT_ONCE // picks.shape[1])
        for start in range(0, len(of), step):
            rows = of[start : start + step]
            values = self._values[rows]
            shift = values.sum(axis=1, keepdims=True) / self.n
            # no product of matrices: its threads wait for each other on a busy machine
            news = np.einsum("ij,jk", values, picks)
            yield rows, self._scores(np.abs(news * per - shift), rows)

    def _sizes(self) -> Floats:
        """Of the differences that there are, a column."""
        base, new = self._values[:, : self.n], self._values[:, self.n :]
        found: Floats = np.abs(new.mean(axis=1) - base.mean(axis=1))
        return found[:, None]

    def _scores(self, sizes: Floats, rows: Rows) -> Floats:
        """Of differences of these sizes: by standard error and gate together, 0 below the gate."""
        gates = self._gates[rows, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            told = sizes / (self._errors(sizes, rows) + gates)
        found: Floats = np.where(sizes > gates, told, 0.0)
        return found

    def _errors(self, sizes: Floats, rows: Rows) -> Floats:
        """The standard errors where deals of the values have differences of these sizes."""
        n, m = self.n, self.m
        within = self._squares[rows, None] - n * m / (n + m) * sizes * sizes
        found: Floats = np.sqrt(np.maximum(within, 0.0) * ((1 / n + 1 / m) / (n + m - 2)))
        return found


@functools.cache
def _picks(n: int, m: int) -> Floats:
    """A column for each deal, with 1 where a value is the new side's."""
    told = deals_of(n, m).told
    found = np.zeros((n + m, len(told)))
    for column, deal in enumerate(told):
        found[list(deal), column] = 1.0
    return found
