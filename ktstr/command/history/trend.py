# SPDX-License-Identifier: Apache-2.0
"""A figure over the runs of the history: each run's value, and where it moved.

  ktstr trend cg_0.wake_p99_us --where label=//my:test,test=futex_pairs
  ktstr trend 'wake_*' --where branch=main
  ktstr trend 'wake_*' --format=openmetrics > trends.txt   # for Prometheus and its like

A run's value is the mean of its boots, in virtual time of each seed for itself; results that came
to no verdict are left out. `<` marks what differs from the run before by more than the
gate of `ktstr compare`: 1 % in virtual time, 5 % in real time.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from collections.abc import Iterator

from ktstr.command.context import Context, table
from ktstr.command.history.asked import LIMIT, add_history, add_limit, add_where, opened
from ktstr.compare.gates import Gates
from ktstr.compare.words import number, pair_words
from ktstr.history.entry import EXACT_ACCEL
from ktstr.history.openmetrics import openmetrics_of
from ktstr.history.trend import Point, Series, trend
from ktstr.history.where import parse_conditions
from ktstr.model.errors import UsageError

HELP = "a figure over many runs"

_COMMIT_CHARS = 12
_FORMATS = ("text", "html", "json", "openmetrics")
# Programs read these, and get all where nobody says how many.
_WHOLE = ("json", "openmetrics")


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("figure", metavar="FIGURE", help="wake_p99_us, cg_0.wake_p99_us, wake_*")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="--json is json")
    add_where(parser)
    add_limit(parser, "series of text and html", default=None)
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Tells it.

    Raises:
        UsageError, InfraError: no result has such a figure, or the history cannot be used.
    """
    with opened(options, context) as connection:
        found = trend(connection, options.figure, parse_conditions(options.where))
    if not found:
        raise UsageError(
            f"no result of the history and of --where has a figure {options.figure!r}; "
            f"`ktstr export` lists them"
        )
    limit = options.limit
    if limit is None:
        limit = 0 if options.json or options.format in _WHOLE else LIMIT
    shown = found[:limit] if limit else found
    if options.json or options.format == "json":
        context.answer([dataclasses.asdict(each) | {"figure": each.key.text} for each in shown])
        return 0
    if options.format == "openmetrics":
        context.say(*openmetrics_of(shown))
        return 0
    if options.format == "html":
        # imported here: jinja2 takes a tenth of a second
        from ktstr.page.trends import trend_page

        drawn = [(each, moved(each)) for each in shown]
        context.say(trend_page(options.figure, drawn, len(found) - len(shown)))
        return 0
    for series in shown:
        context.say(*_lines(series))
    if len(found) > len(shown):
        context.say(f"... and {len(found) - len(shown)} more series; --limit=0 tells all")
    return 0


def moved(series: Series) -> list[bool]:
    """Of each point, whether it differs from the one before by more than the gate."""
    gate = Gates().of(series.key, exact=series.accel == EXACT_ACCEL)
    pairs = itertools.pairwise(each.value for each in series.points)
    return [False, *(abs(now - was) > gate.amount(was) for was, now in pairs)]


def _lines(series: Series) -> Iterator[str]:
    names = ("label", "test", "topology", "kernel", "scheduler", "accel")
    unit = f", {series.key.unit}" if series.key.unit else ""
    told = {name: getattr(series, name) for name in names}
    if series.seed:
        told["seed"] = series.seed
    yield f"{pair_words(told)}: {series.key.text}{unit}"
    head = ("run", "started", "commit", "branch", "value", "boots", "")
    rows = [_row(point, mark) for point, mark in zip(series.points, moved(series), strict=True)]
    yield from (f"  {line}" for line in table([head, *rows]))


def _row(point: Point, mark: bool) -> tuple[object, ...]:
    apart = f" ({number(point.least)} to {number(point.most)})" if point.boots > 1 else ""
    return (
        point.run,
        point.started,
        point.commit[:_COMMIT_CHARS] or "-",
        point.branch or "-",
        number(point.value) + apart,
        point.boots,
        "<" if mark else "",
    )
