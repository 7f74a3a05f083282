# SPDX-License-Identifier: Apache-2.0
"""The page of one result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from markupsafe import Markup

from ktstr.page.beside import Beside
from ktstr.page.chart import Chart
from ktstr.page.facts import details, tables
from ktstr.page.latencies import latencies
from ktstr.page.over_time import Resolution, queues, who_ran
from ktstr.page.ran import Ran, by_monitor, by_trace
from ktstr.page.sheet import fragment, page
from ktstr.page.topology import drawn
from ktstr.page.window import Marks, Window, data_of, marks_of, window_of
from ktstr.report.advice import commands, files_to_read
from ktstr.report.text import headline, text_report, verdict_name
from ktstr.result import result_pb2

# Parts of the time line that are told apart: about as many as a wide screen has points.
BINS = 1200
_PROGRAMS = ("run.js",)
# Rounded times are so much finer than parts.
_FINER = 2
_WELL = frozenset({result_pb2.PASS, result_pb2.SKIP})


@dataclass
class _Looked:
    """What there is to draw; problems: what could not be read of it, in words."""

    charts: list[Chart]
    busy: dict[int, float]
    marks: Marks | None = None
    problems: list[str] = field(default_factory=list)


def run_page(
    result: result_pb2.Result, beside: Beside | None = None, title: str | None = None
) -> str:
    """The whole page.  title: of the browser's window; else verdict and name."""
    name = f"{result.identity.label}::{result.identity.test}"
    title = title or f"{verdict_name(result.verdict)} {name}"
    return page(
        "run.html", title, programs=_PROGRAMS, body=body_of(result, beside or Beside(), BINS)
    )


def body_of(
    result: result_pb2.Result, beside: Beside, bins: int, *, briefly: bool = False
) -> Markup:
    """What is between a page's top and its end, with the data of its charts.

    bins: into how many parts of the time its charts go, 0: they are left out.  briefly: times are
    rounded, and what passed has no report, whose numbers are in tables.
    """
    looked = _looked(result, beside, bins, briefly)
    found = looked.charts
    return fragment(
        "result.html",
        verdict=verdict_name(result.verdict),
        name=f"{result.identity.label}::{result.identity.test}",
        headline=headline(result),
        expectation=result.expectation,
        details=details(result),
        evidence=list(result.evidence),
        remarks=list(result.remarks),
        topology=drawn(result, looked.busy),
        charts=found,
        data={each.key: each.data for each in found},
        marks=looked.marks,
        problems=looked.problems,
        tables=tables(result),
        report="" if briefly and result.verdict in _WELL else text_report(result),
        files=files_to_read(result),
        commands=commands(result),
        links=beside.links,
    )


def _looked(result: result_pb2.Result, beside: Beside, bins: int, briefly: bool) -> _Looked:
    found = _Looked([], {})
    if not bins:
        found.problems.append(
            "Charts are left out for want of room: the result's own page has them."
        )
        return found
    try:
        window = window_of(result)
    except ValueError as error:
        found.problems.append(f"The monitor's times cannot be read: {error}.")
        window = None
    if window is not None:
        found.marks = marks_of(result, window)
        unit = max(1, window.length_us // (_FINER * bins)) if briefly else 1
        found.charts += _over_time(result, beside, window, Resolution(bins, unit), found)
    try:
        found.charts += list(latencies(result))
    except ValueError as error:
        found.problems.append(f"Latencies cannot be read: {error}.")
    return found


def _over_time(
    result: result_pb2.Result, beside: Beside, window: Window, fine: Resolution, found: _Looked
) -> Iterator[Chart]:
    shared = data_of(window, found.marks or Marks((), ()))
    ran = _ran(result, beside, window, found)
    if ran is not None and ran.took():
        for cpu, stretches in ran.by_cpu.items():
            busy = sum(each.end - each.start for each in stretches)
            found.busy[cpu] = min(1.0, busy / window.length_us)
        yield who_ran(ran, window, shared, fine)
    try:
        yield from list(queues(result, window, shared, fine))
    except ValueError as error:
        found.problems.append(f"Runqueues cannot be read: {error}.")


def _ran(result: result_pb2.Result, beside: Beside, window: Window, found: _Looked) -> Ran | None:
    """By the trace, else by the monitor; what is wrong with the trace is told."""
    if beside.trace is not None and result.decisions.events:
        try:
            return by_trace(beside.trace(), result, window)
        except ValueError as error:
            found.problems.append(f"The trace cannot be read: {error}.")
    try:
        return by_monitor(result, window)
    except ValueError as error:
        found.problems.append(f"What the monitor saw cannot be read: {error}.")
        return None
