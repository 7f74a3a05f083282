# SPDX-License-Identifier: Apache-2.0
"""The values of a run that a claim about a series speaks of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ktstr.introspect.monitor.quantities import BY_NAME, Of
from ktstr.introspect.monitor.series import How
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.judge.series.shapes import Point
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.verdict.claims import SeriesClaim
from ktstr.model.wire.places import parse_place
from ktstr.record.run import RunRecord

# what a claim may be of, without being of a single thing
_SUMMED = (Of.CPU, Of.DSQ, Of.NODE, Of.MACHINE)


@dataclass(frozen=True)
class MapPlace:
    """A number in a map: the map's name, the key of the entry, and the way to the number in it."""

    map: str
    key: int
    way: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> MapPlace:
        """Takes `cpu_ctx[3].nr_queued` apart; the map's name may begin with a dot.

        Raises:
            UsageError: it is none.
        """
        name, bracket, _ = text.partition("[")
        way = parse_place(text.removeprefix(name)) if bracket else ()
        if not name or not way or not isinstance(way[0], int):
            raise UsageError(f"{text!r} is no place in a map: expected e.g. 'cpu_ctx[3].nr_queued'")
        return cls(name, way[0], way[1:])


def check_source(claim: SeriesClaim) -> None:
    """Refuses what no run has a series of.

    Raises:
        UsageError: what was asked for, and what there is.
    """
    if claim.snapshots:
        MapPlace.parse(claim.name)
        return
    quantity = BY_NAME.get(claim.name)
    known = [each.name for each in BY_NAME.values() if each.of in _SUMMED]
    if quantity is None or quantity.of not in _SUMMED:
        raise UsageError(
            f"series {claim.name!r}: the monitor has none of that name"
            f"{did_you_mean(claim.name, known)}; it has {', '.join(known)}"
        )
    if claim.of is not None and quantity.of is Of.MACHINE:
        raise UsageError(f"series {claim.name!r}: there is one of the whole machine alone")


def points_of(run: RunRecord, claim: SeriesClaim) -> tuple[list[Point], str]:
    """The points in the claim's time, and why there are none; times since its beginning."""
    try:
        begin, end = _time(run, claim)
        found = _of_snapshots(run, claim) if claim.snapshots else _of_monitor(run, claim)
    except UsageError as error:
        return [], str(error)
    inside = [(at, value) for at, value in found if begin <= at <= end]
    since = begin or (inside[0][0] if inside else 0)
    if not inside:
        return [], f"none of its {len(found)} values lies in that time"
    return [Point(at - since, value) for at, value in inside], ""


def _time(run: RunRecord, claim: SeriesClaim) -> tuple[int, float]:
    """Guest CLOCK_MONOTONIC in ns, from and to; raises UsageError for what was not played."""
    steps = [step for scenario in run.scenarios for step in scenario.steps]
    if claim.step:
        steps = [each for each in steps if claim.step in (each.name, f"{each.index}")]
        if len(steps) != 1:
            raise UsageError(f"{len(steps)} steps {claim.step!r} were played, one is expected")
    begin = min((each.started_ns for each in steps), default=0)
    end: float = max((each.ended_ns for each in steps), default=float("inf"))
    if not claim.event:
        return begin, end
    for event in run.events:
        named = event.name == claim.event and claim.text in event.detail
        if named and begin <= event.at_ns <= end:
            return event.at_ns, end
    what = f"{claim.event!r}" + (f" with {claim.text!r}" if claim.text else "")
    raise UsageError(f"there was no event {what} in that time")


def _of_monitor(run: RunRecord, claim: SeriesClaim) -> list[tuple[int, float]]:
    monitor = run.monitor
    if monitor is None or monitor.how is How.NOBODY:
        why = monitor.why if monitor is not None else "the run has no monitor"
        raise UsageError(f"nobody looked at runqueues: {why}")
    lack = monitor.lack(claim.name)
    if lack:
        raise UsageError(f"this kernel does not tell {claim.name}: it has no {lack}")
    columns = monitor.by(claim.name)
    if claim.of is not None and claim.of not in columns:
        there = ", ".join(str(each) for each in sorted(columns, key=str)) or "none"
        raise UsageError(f"the monitor saw no {claim.name} of {claim.of}; it saw those of {there}")
    rows = [columns[claim.of]] if claim.of is not None else list(columns.values())
    if not rows:
        raise UsageError(f"the monitor did not see {claim.name}")
    return [
        (at, sum(values)) for at, values in zip(monitor.at_ns, zip(*rows, strict=True), strict=True)
    ]


def _of_snapshots(run: RunRecord, claim: SeriesClaim) -> list[tuple[int, float]]:
    place = MapPlace.parse(claim.name)
    named = [each for each in run.all_snapshots if _is_of(each, claim.snapshots)]
    problem = run.taken.problem if run.taken is not None else ""
    if not named or problem:
        which = "not every" if named else "no"
        why = f": {problem}" if problem else ""
        raise UsageError(f"{which} snapshot {claim.snapshots!r} was taken{why}")
    found = []
    for snapshot in named:
        if snapshot.monotonic_ns is None:
            # what is left out could be the value that breaks the claim
            why = "; ".join(snapshot.missing) or "nobody knows when it was taken"
            raise UsageError(f"snapshot {snapshot.name!r} has no time: {why}")
        found.append((snapshot.monotonic_ns, _number(snapshot, place)))
    return found


def _is_of(snapshot: Snapshot, name: str) -> bool:
    return snapshot.name == name or snapshot.name.partition("[")[0] == name


def _number(snapshot: Snapshot, place: MapPlace) -> float:
    """Raises UsageError where there is none."""
    found = list(_entries(snapshot, place))
    if len(found) != 1:
        raise UsageError(
            f"snapshot {snapshot.name!r} has {len(found)} entries {place.map}[{place.key}], one is "
            f"expected"
        )
    value = found[0]
    for step in place.way:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            raise UsageError(
                f"snapshot {snapshot.name!r}: {place.map}[{place.key}] has no {step!r}"
            ) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(
            f"snapshot {snapshot.name!r}: what is in {place.map}[{place.key}] there is no number"
        )
    return value


def _entries(snapshot: Snapshot, place: MapPlace) -> Iterator[Any]:
    for each in json.loads(snapshot.maps or "[]"):
        name = each["name"]
        if name != place.map and not (place.map.startswith(".") and name.endswith(place.map)):
            continue
        for element in each.get("elements", ()):
            if element["key"] == place.key:
                yield element["value"] if "value" in element else element["values"]
