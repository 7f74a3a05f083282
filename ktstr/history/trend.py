# SPDX-License-Identifier: Apache-2.0
"""A figure over many runs."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from ktstr.history.entry import EXACT_ACCEL, FigureKey
from ktstr.history.figures import keys_of, unpacked
from ktstr.history.queries import Told, listed, shape
from ktstr.history.where import Condition

_UNJUDGED = ("SKIP", "INCONCLUSIVE")


@dataclass(frozen=True)
class Point:
    """A run's value: the mean of its boots, with the least and the most of them."""

    run: int
    started: str
    commit: str
    branch: str
    value: float
    least: float
    most: float
    boots: int


@dataclass
class Series:
    """A figure of one test on one machine, run by run.  seed: empty in real time."""

    label: str
    test: str
    topology: str
    kernel: str
    scheduler: str
    accel: str
    seed: str
    key: FigureKey
    points: list[Point] = field(default_factory=list)


def trend(
    connection: sqlite3.Connection, figure: str, conditions: Sequence[Condition]
) -> list[Series]:
    """Every series of figures whose name, or whole name with its cgroup, fits `figure`.

    Figures of results that came to no verdict are of half a run, or of a busy host.
    """
    judged = (*conditions, *(Condition("verdict", "!=", each) for each in _UNJUDGED))
    shapes: dict[int, tuple[int, list[tuple[int, FigureKey]]]] = {}
    found: dict[tuple[object, ...], Series] = {}
    values: dict[tuple[object, ...], list[float]] = {}
    for row in listed(connection, judged):
        if row.shape not in shapes:
            keys = keys_of(shape(connection, row.shape))
            fitting = [(i, key) for i, key in enumerate(keys) if key.fits(figure)]
            shapes[row.shape] = len(keys), fitting
        count, wanted = shapes[row.shape]
        numbers = unpacked(row.figures, count) if wanted else ()
        for index, key in wanted:
            _take(found, values, row, key, numbers[index])
    return [series for _, series in sorted(found.items(), key=lambda each: str(each[0]))]


def _take(
    found: dict[tuple[object, ...], Series],
    values: dict[tuple[object, ...], list[float]],
    row: Told,
    key: FigureKey,
    value: float,
) -> None:
    seed = row.seed if row.accel == EXACT_ACCEL else ""
    place = (row.label, row.test, row.topology, row.kernel, row.scheduler, row.accel, seed)
    series = found.setdefault((*place, key), Series(*place, key))
    boots = values.setdefault((*place, key, row.run), [])
    if boots:
        series.points.pop()  # a run's results come one after another
    boots.append(value)
    series.points.append(
        Point(
            row.run,
            row.started,
            row.commit,
            row.branch,
            math.fsum(boots) / len(boots),
            min(boots),
            max(boots),
            len(boots),
        )
    )
