# SPDX-License-Identifier: Apache-2.0
"""Which targets cover most within a time: greedily, what adds most for a second comes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tools.select.candidates import Candidate


@dataclass(frozen=True)
class Selection:
    """`chosen` in the order of choice, their `seconds` together, and what is `covered` of what is
    `possible` with all candidates."""

    chosen: tuple[Candidate, ...]
    seconds: float
    covered: frozenset[str]
    possible: frozenset[str]


def choose(candidates: Iterable[Candidate], budget_s: float) -> Selection:
    """Takes the candidate that adds most features for a second, until nothing that fits adds any.

    Of equals the first by label is taken, so that the order of `candidates` does not matter.
    """
    left = sorted(candidates, key=lambda each: each.label)
    possible = frozenset().union(*(each.features for each in left))
    chosen: list[Candidate] = []
    covered: frozenset[str] = frozenset()
    spent = 0.0
    while True:
        fitting = [
            each
            for each in left
            if spent + each.seconds <= budget_s and not each.features <= covered
        ]
        if not fitting:
            return Selection(tuple(chosen), spent, covered, possible)
        # max() takes the first of equals.
        best = max(fitting, key=lambda each: len(each.features - covered) / each.seconds)
        chosen.append(best)
        left.remove(best)
        covered |= best.features
        spent += best.seconds
