# SPDX-License-Identifier: Apache-2.0
"""What the witness's process said, taken apart: who ran under which class, who idled, who held."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ktstr.model.witness import CpuIdleness, Hold, Idleness, RanUnder, Sightings

_Span = tuple[int | None, int, int]


@dataclass(frozen=True)
class Seen:
    """problem: why it is not all; empty if it is."""

    ran_under: tuple[RanUnder, ...] = ()
    idleness: tuple[Idleness, ...] = ()
    holds: tuple[Hold, ...] = ()
    problem: str = ""


def seen_in(reports: Iterable[Sightings]) -> Seen:
    """The facts of all reports, in their order; what cannot be read ends them."""
    spans: dict[int, _Span] = {}
    names: dict[int, str] = {}
    ran: list[RanUnder] = []
    idle: list[Idleness] = []
    held: list[Hold] = []
    problem = ""
    for report in reports:
        try:
            spans.update(enumerate(report.phases, report.first))
            names.update({int(identity): name for identity, name in report.cgroups.items()})
            records = [json.loads(line) for line in report.records.splitlines()]
            ran += [_ran_under(each, spans, names) for each in records if "cgroup" in each]
            cells = [each for each in records if "cpu" in each]
            for phase, of_phase in groupby(cells, lambda each: int(each["phase"])):
                idle.append(Idleness(*spans[phase], tuple(map(_idleness, of_phase))))
            held += [_hold(each) for each in records if "held" in each]
        except (ValueError, KeyError, TypeError) as error:
            problem = f"a report of the witness cannot be read: {type(error).__name__}: {error}"
            break
    return Seen(tuple(ran), tuple(idle), tuple(held), problem)


def _ran_under(found: dict[str, Any], spans: dict[int, _Span], names: dict[int, str]) -> RanUnder:
    name = names[found["cgroup"]]
    return RanUnder(*spans[found["phase"]], name, found["pid"] or None, found["samples"])


def _idleness(found: dict[str, Any]) -> CpuIdleness:
    return CpuIdleness(
        cpu=found["cpu"],
        idle_ns=found["idle_ns"],
        wasted_ns=found.get("wasted_ns", 0),
        longest_ns=found.get("longest_ns", 0),
        longest_ended_ns=found.get("longest_ended_ns", 0),
        waiting=found.get("waiting", ""),
    )


def _hold(found: dict[str, Any]) -> Hold:
    return Hold(
        cpu=found["held"],
        sched_class=found["class"],
        comm=found["comm"],
        pid=found["pid"],
        started_ns=found["started_ns"],
        ended_ns=found["ended_ns"],
    )
