# SPDX-License-Identifier: Apache-2.0
"""Trends in OpenMetrics' text format, with a time stamp a point, as stores of metrics take them.

The format: "OpenMetrics", version 1.0.0 (November 2020).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from ktstr.history.trend import Point, Series

_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_VARIANT = ("label", "test", "topology", "kernel", "scheduler", "accel", "seed")
_END = "# EOF"


def openmetrics_of(found: Sequence[Series]) -> Iterator[str]:
    """The lines: a gauge for each figure, `ktstr_NAME`, with what was tested, and where, as labels.

    Where a name has characters that no metric's may have, `figure` is the name as it is.
    Points of a branch are one series. Of two that began in one second the later counts, as a time
    may stand once; one that began at no known time has no place.
    """
    families: dict[str, list[Series]] = {}
    for series in found:
        families.setdefault(_name(series), []).append(series)
    for name, members in sorted(families.items()):
        yield f"# TYPE {name} gauge"
        for series in members:
            yield from _lines(name, series)
    yield _END


def _name(series: Series) -> str:
    return f"ktstr_{_NO_NAME.sub('_', series.key.name)}"


def _lines(name: str, series: Series) -> Iterator[str]:
    key = series.key
    labels = {each: getattr(series, each) for each in _VARIANT} | {
        "subject": key.subject,
        "step": "" if key.step is None else str(key.step),
        "scenario": "" if key.scenario is None else str(key.scenario),
        "unit": key.unit,
        "figure": key.name if _NO_NAME.search(key.name) else "",
    }
    for branch, points in _by_branch(series.points).items():
        told = {**labels, "branch": branch}
        words = ",".join(
            f'{each}="{told[each].translate(_ESCAPES)}"' for each in told if told[each]
        )
        for time, value in sorted(points.items()):
            yield f"{name}{{{words}}} {_number(value)} {time}"


def _by_branch(points: Sequence[Point]) -> Mapping[str, dict[int, float]]:
    """Of each branch, values by seconds since the epoch."""
    found: dict[str, dict[int, float]] = {}
    for point in points:
        try:
            time = datetime.fromisoformat(point.started)
        except ValueError:
            continue
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        found.setdefault(point.branch, {})[int(time.timestamp())] = point.value
    return found


def _number(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
