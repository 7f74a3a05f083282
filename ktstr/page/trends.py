# SPDX-License-Identifier: Apache-2.0
"""The page of trends: figures over runs."""

from __future__ import annotations

from collections.abc import Sequence

from ktstr.compare.words import number, pair_words
from ktstr.history.trend import Point, Series
from ktstr.page.chart import Chart
from ktstr.page.sheet import page

_PROGRAMS = ("run.js", "choices.js")
_COMMIT_CHARS = 12
_COLUMNS = ("run", "started", "commit", "branch", "value", "least", "most", "boots", "moved")
_DIMENSIONS = ("label", "test", "topology", "kernel", "scheduler", "accel")


def trend_page(figure: str, found: Sequence[tuple[Series, Sequence[bool]]], left_out: int) -> str:
    """The whole page; of each series, which points moved by more than the gate.

    left_out: so many series more there are.
    """
    charts = [_chart(i, series, moved) for i, (series, moved) in enumerate(found)]
    return page(
        "trend.html",
        f"{figure} over runs",
        programs=_PROGRAMS,
        figure=figure,
        left_out=left_out,
        charts=charts,
        data={each.key: each.data for each in charts},
    )


def _chart(place: int, series: Series, moved: Sequence[bool]) -> Chart:
    told = {name: getattr(series, name) for name in _DIMENSIONS}
    if series.seed:
        told["seed"] = series.seed
    unit = f", {series.key.unit}" if series.key.unit else ""
    pairs = list(zip(series.points, moved, strict=True))
    rows = [_row(point, mark) for point, mark in pairs]
    values = [point.value for point in series.points]
    moves = sum(moved)
    return Chart(
        key=f"trend-{place}",
        title=f"{series.key.text}{unit}: {pair_words(told)}",
        says=f"{series.key.text} over {len(values)} runs, from {number(values[0])} to "
        f"{number(values[-1])}{unit}; it moved by more than the gate {moves} times.",
        data={
            "kind": "trend",
            "unit": series.key.unit,
            "points": [
                {
                    "place": i,
                    "run": str(point.run),
                    "value": point.value,
                    "least": point.least,
                    "most": point.most,
                    "moved": mark,
                    "words": _words(point),
                }
                for i, (point, mark) in enumerate(pairs)
            ],
        },
        columns=_COLUMNS,
        rows=rows,
    )


def _words(point: Point) -> str:
    commit = f", commit {point.commit[:_COMMIT_CHARS]}" if point.commit else ""
    return f"run {point.run}: {number(point.value)}, {point.boots} boots, {point.started}{commit}"


def _row(point: Point, mark: bool) -> tuple[str, ...]:
    return (
        str(point.run),
        point.started,
        point.commit[:_COMMIT_CHARS] or "-",
        point.branch or "-",
        number(point.value),
        number(point.least),
        number(point.most),
        str(point.boots),
        "moved" if mark else "",
    )
