# SPDX-License-Identifier: Apache-2.0
"""The page of a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ktstr.compare.finding import VERDICT, Comparison, Finding, Outcome
from ktstr.compare.words import (
    TOLD,
    change_words,
    counts_words,
    first_words,
    pair_words,
    sure_words,
)
from ktstr.page.chart import Chart
from ktstr.page.sheet import page

_PROGRAMS = ("run.js", "choices.js")
_DRAWN = 40
# More findings make a page that nobody reads to its end.
_LISTED = 5_000
_COLOURS = {Outcome.WORSE: "fail", Outcome.BETTER: "pass", Outcome.CHANGED: "c0"}
# Told apart without colours, too.
_SHAPES = {Outcome.WORSE: "triangle-up", Outcome.BETTER: "triangle-down", Outcome.CHANGED: "circle"}


@dataclass(frozen=True)
class _Row:
    outcome: str
    pair: str
    figure: str
    change: str
    sure: str


def comparison_page(comparison: Comparison) -> str:
    """The whole page."""
    told = [each for each in comparison.findings if each.outcome in (*TOLD, Outcome.SAME)]
    rows = [_row(comparison, each) for each in told[:_LISTED]]
    listed = Counter(row.outcome for row in rows)
    charts = [_changes(found)] if (found := _drawn(told)) else []
    return page(
        "comparison.html",
        f"{comparison.new} against {comparison.base}",
        programs=_PROGRAMS,
        comparison=comparison,
        summary=counts_words(comparison) or "nothing was compared",
        counts=[(each, listed[each]) for each in map(str, Outcome) if listed[each]],
        rows=rows,
        left_out=max(0, len(told) - _LISTED),
        charts=charts,
        data={each.key: each.data for each in charts},
    )


def _row(comparison: Comparison, finding: Finding) -> _Row:
    sure = sure_words(finding) or first_words(comparison, finding)
    return _Row(
        str(finding.outcome),
        pair_words(finding.pair),
        finding.figure,
        change_words(finding),
        sure,
    )


def _drawn(told: Sequence[Finding]) -> list[Finding]:
    """What changed most by its base, in either direction."""
    found = [
        each
        for each in told
        if each.outcome in _COLOURS and each.figure != VERDICT and each.ratio is not None
    ]
    found.sort(key=lambda each: -abs(each.ratio or 0.0))
    return found[:_DRAWN]


def _changes(found: Sequence[Finding]) -> Chart:
    rows = list(_bars(found))
    return Chart(
        key="changes",
        title=f"The {len(found)} largest changes by their base",
        says="Changes in percent of the base, the largest first: "
        + "; ".join(f"{row['name']}: {row['value']:+.3g} %, {row['outcome']}" for row in rows[:8])
        + ".",
        data={"kind": "changes", "rows": rows},
        columns=("test and figure", "change, %", "outcome"),
        rows=[(row["name"], f"{row['value']:+.3g}", row["outcome"]) for row in rows],
        notes=[
            "Bars are intervals of 95 %, in real time alone: in virtual time there is no chance."
        ],
    )


def _bars(found: Sequence[Finding]) -> Iterator[Mapping[str, Any]]:
    for place, each in enumerate(found):
        base = abs(each.base or 1.0)
        value = 100 * (each.ratio or 0.0)
        interval = each.interval
        yield {
            "place": place,
            "name": f"{each.figure} {pair_words(each.pair)}",
            "value": value,
            "low": value if interval is None else 100 * interval.low / base,
            "high": value if interval is None else 100 * interval.high / base,
            "outcome": str(each.outcome),
            "colour": _COLOURS[each.outcome],
            "shape": _SHAPES[each.outcome],
            "words": f"{pair_words(each.pair)}: {each.figure} {change_words(each)}",
        }
