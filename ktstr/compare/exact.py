# SPDX-License-Identifier: Apache-2.0
"""Pairs of virtual time: the same inputs give the same numbers, so that any difference is real."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ktstr.compare import verdicts
from ktstr.compare.figures import Figures
from ktstr.compare.finding import VERDICT, Finding, Outcome
from ktstr.compare.gates import Gates
from ktstr.compare.pairing import Pair
from ktstr.history.entry import FigureKey
from ktstr.history.queries import Row
from ktstr.model.payload import Polarity

_ABSENT = math.nan


def compare_exact(
    pair: Pair, told: Mapping[str, str], figures: Figures, gates: Gates, *, keep_same: bool
) -> tuple[list[Finding], int]:
    """Findings of a pair that both sides have, and how many more of its figures are the same.

    keep_same: those are findings, too.
    """
    base, new = pair.base[-1], pair.new[-1]
    whole = Finding(told, VERDICT, "", "", Outcome.SAME, facts=(base.facts, new.facts))
    for side, rows in (("base", pair.base), ("new", pair.new)):
        several = _several(rows)
        if several:
            why = f"{several} different results of the same inputs in {side}: it is not repeatable"
            return [replace(whole, outcome=Outcome.UNDECIDED, why=why)], 0
    outcome, why = verdicts.compared(base, new)
    found = [replace(whole, outcome=outcome, why=why)]
    if base.verdict in verdicts.JUDGED and new.verdict in verdicts.JUDGED:
        if base.shape == new.shape and base.figures == new.figures and not keep_same:
            return _told(found), figures.count(base.shape) + (outcome is Outcome.SAME)
        found += [
            _figure(whole, key, was, now, gates) for key, was, now in _both(figures, base, new)
        ]
    if keep_same:
        return found, 0
    telling = _told(found)
    return telling, len(found) - len(telling)


def _told(found: Sequence[Finding]) -> list[Finding]:
    return [each for each in found if each.outcome is not Outcome.SAME]


def _figure(whole: Finding, key: FigureKey, was: float, now: float, gates: Gates) -> Finding:
    why = ""
    if math.isnan(was) or math.isnan(now):
        outcome = Outcome.MISSING
        why = f"{'base' if math.isnan(was) else 'new'} has no such figure"
    elif abs(now - was) <= gates.of(key, exact=True).amount(was):
        outcome = Outcome.SAME
    else:
        outcome = direction(key.polarity, now - was)
    return Finding(
        whole.pair,
        key.text,
        key.unit,
        key.polarity,
        outcome,
        None if math.isnan(was) else was,
        None if math.isnan(now) else now,
        why=why,
        facts=whole.facts,
        # who sets a gate for a figure wants it judged by itself
        name="" if gates.names(key) else key.name,
    )


def direction(polarity: str, change: float) -> Outcome:
    """Whether a change is for the better."""
    if polarity == Polarity.HIGHER_BETTER:
        return Outcome.BETTER if change > 0 else Outcome.WORSE
    if polarity == Polarity.LOWER_BETTER:
        return Outcome.BETTER if change < 0 else Outcome.WORSE
    return Outcome.CHANGED


def _several(rows: Sequence[Row]) -> int:
    """How many different facts came of the last row's inputs in its run; 0 for one.

    Between runs a judge may have changed, or what is measured, without another input.
    """
    last = rows[-1]
    # not by the rows of facts: those of two targets with the same inputs have two labels
    alike = [
        row
        for row in rows
        if (row.inputs, row.shape, row.run) == (last.inputs, last.shape, last.run)
    ]
    found = len({(row.verdict, row.cause, row.figures) for row in alike})
    return found if found > 1 else 0


def _both(figures: Figures, base: Row, new: Row) -> Iterator[tuple[FigureKey, float, float]]:
    """Each figure that one of them has, with both values, NaN where there is none."""
    if base.shape == new.shape:
        for (key, was), (_, now) in zip(figures.of(base), figures.of(new), strict=True):
            yield key, was, now
        return
    olds, news = dict(figures.of(base)), dict(figures.of(new))
    for key in {**olds, **news}:
        yield key, olds.get(key, _ABSENT), news.get(key, _ABSENT)
