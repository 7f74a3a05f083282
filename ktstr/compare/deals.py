# SPDX-License-Identifier: Apache-2.0
"""Deals: who of n and m boots might have been of which side."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# More deals of one pair say no more; this many are drawn then, always the same.
MOST = 1000
_SEED = 20_240_229

Values = Sequence[float]


@dataclass(frozen=True)
class Deals:
    """Deals of n + m values, n of base first.

    count: of all that are meant.  told: of each the places of the new side's values.  weight: of
    each that is told: where both sides have as many boots, two deals mirror each other, and one of
    them is.  alone: picks the new side's values, of
    each deal but the one that there was, with 1 / (1 - what a change of 1 adds to its difference).
    """

    n: int
    m: int
    count: int
    weight: int
    told: tuple[tuple[int, ...], ...]
    alone: tuple[tuple[Callable[[Values], Values], float], ...]


@functools.cache
def deals_of(n: int, m: int) -> Deals:
    """All deals, or a draw of them together with the one that there was; n and m are 2 at least."""
    everything = math.comb(n + m, m) <= MOST
    there_was = tuple(range(n, n + m))
    dealt = list(itertools.combinations(range(n + m), m)) if everything else _drawn(there_was)
    alone = []
    for deal in dealt:
        own = sum(each >= n for each in deal)
        if own < m:
            carried = own * (1 / m + 1 / n) - m / n
            alone.append((operator.itemgetter(*deal), 1 / (1 - carried)))
    mirrored = everything and n == m
    told = [deal for deal in dealt if deal[0] == 0] if mirrored else dealt
    return Deals(n, m, len(dealt), 2 if mirrored else 1, tuple(told), tuple(alone))


def _drawn(there_was: tuple[int, ...]) -> list[tuple[int, ...]]:
    drawing = random.Random(_SEED)
    everybody = range(there_was[-1] + 1)
    others = (tuple(drawing.sample(everybody, len(there_was))) for _ in range(MOST - 1))
    return [there_was, *others]
