# SPDX-License-Identifier: Apache-2.0
"""Dividing CPUs by weights: hierarchical weighted max-min fairness under capacity limits.

All open leaves fill at rates that follow their weights until a limit is reached; its members are
then full, and the others go on (progressive filling, Bertsekas and Gallager, Data Networks, 6.5.2).
At each level of the tree a group's rate is divided over those of its children that are open, so
that what one child cannot use goes to its siblings first, as generalized processor sharing does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_EPSILON = 1e-9


@dataclass(frozen=True)
class Leaf:
    """Something that gets a share.  `path` holds (name, weight > 0) from the top down to itself."""

    path: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Capacity:
    """What the leaves of these indices can get together at most."""

    members: frozenset[int]
    amount: float


def waterfill(leaves: Sequence[Leaf], capacities: Sequence[Capacity]) -> list[float]:
    """The share of each leaf, in the unit of the capacities; every leaf must be under one."""
    shares = [0.0] * len(leaves)
    open_ones = set(range(len(leaves)))
    while open_ones:
        rates = _rates(leaves, open_ones)
        limits = [(capacity, _time_left(capacity, shares, rates)) for capacity in capacities]
        time = min(left for _, left in limits)
        for i in open_ones:
            shares[i] += rates[i] * time
        full = [capacity.members for capacity, left in limits if left <= time + _EPSILON]
        open_ones -= frozenset().union(*full)
    return shares


def _time_left(capacity: Capacity, shares: list[float], rates: dict[int, float]) -> float:
    rate = sum(rates.get(i, 0.0) for i in capacity.members)
    left = capacity.amount - sum(shares[i] for i in capacity.members)
    return max(0.0, left) / rate if rate > 0 else math.inf


def _rates(leaves: Sequence[Leaf], open_ones: set[int]) -> dict[int, float]:
    """How fast each open leaf fills; the rates add up to 1."""
    siblings: dict[tuple[str, ...], dict[str, float]] = {}
    for i in open_ones:
        above: tuple[str, ...] = ()
        for name, weight in leaves[i].path:
            siblings.setdefault(above, {})[name] = weight
            above = (*above, name)
    totals = {parent: sum(weights.values()) for parent, weights in siblings.items()}
    rates = {}
    for i in open_ones:
        rate, above = 1.0, ()
        for name, weight in leaves[i].path:
            rate *= weight / totals[above]
            above = (*above, name)
        rates[i] = rate
    return rates
