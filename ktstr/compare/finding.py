# SPDX-License-Identifier: Apache-2.0
"""What a comparison says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ktstr.compare.permutation import Interval, Sample

# What a finding is of that is of no figure, but of the test.
VERDICT = "verdict"


class Outcome(StrEnum):
    """What became of one figure of one pair.

    CHANGED: it differs, and nobody says which way is better.  UNDECIDED: there is a difference that
    chance may have made, or too little to say that there is none.  MISSING: one side has it, the
    other has not.
    """

    WORSE = "worse"
    MISSING = "missing"
    UNDECIDED = "undecided"
    CHANGED = "changed"
    BETTER = "better"
    SAME = "same"


@dataclass(frozen=True)
class Finding:
    """One figure of one pair.

    pair: the dimensions that paired it.  base and new: the values, means where there are several
    boots; None: there is none.  boots: how many there are of each side.  In real time: sample has
    the values, and p is how likely chance alone makes such a difference, corrected for all
    comparisons made.  In virtual time: facts has the numbers of the rows that were compared, and
    name the figure's alone, where all tests together judge it.
    """

    pair: Mapping[str, str]
    figure: str
    unit: str
    polarity: str
    outcome: Outcome
    base: float | None = None
    new: float | None = None
    sample: Sample | None = None
    p: float | None = None
    boots: tuple[int, int] = (1, 1)
    why: str = ""
    facts: tuple[int, int] | None = None
    name: str = ""

    @property
    def interval(self) -> Interval | None:
        """Where the true change lies; None in virtual time, or of too few boots."""
        if self.sample is None or min(self.boots) < 2:
            return None
        return self.sample.interval

    @property
    def change(self) -> float | None:
        """New less base."""
        return None if self.base is None or self.new is None else self.new - self.base

    @property
    def ratio(self) -> float | None:
        """The change by the base; None where that is zero or next to it, or one side has none."""
        change = self.change
        if change is None or not self.base:
            return None
        ratio = change / abs(self.base)
        return ratio if math.isfinite(ratio) else None


@dataclass(frozen=True)
class Comparison:
    """Two sets compared.

    findings: all but what is the same, unless that was asked for, the most telling first.
    counts: of all comparisons, by outcome.  pairs: that both sides have; alone: that one has.
    """

    base: str
    new: str
    pairs: int
    alone: int
    results: tuple[int, int]
    counts: Mapping[Outcome, int]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    firsts: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> int:
        """How many comparisons came to it."""
        return self.counts.get(outcome, 0)
