# SPDX-License-Identifier: Apache-2.0
"""What the witness's process said, taken apart: who ran under which class, who idled, who held."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from ktstr.model.codec import decode
from ktstr.model.errors import UsageError
from ktstr.model.wire.witness import Hold, Idleness, Phase, RanUnder, Sightings

# what is said only of a CPU that was wasted
_NOT_WASTED = {"wasted_ns": 0, "longest_ns": 0, "longest_ended_ns": 0, "waiting": ""}


@dataclass(frozen=True)
class Seen:
    """problem: why it is not all; empty if it is."""

    ran_under: tuple[RanUnder, ...] = ()
    idleness: tuple[Idleness, ...] = ()
    holds: tuple[Hold, ...] = ()
    problem: str = ""


def seen_in(reports: Iterable[Sightings]) -> Seen:
    """The facts of all reports, in their order; what cannot be read ends them."""
    phases: dict[int, Phase] = {}
    names: dict[int, str] = {}
    ran: list[RanUnder] = []
    idle: list[Idleness] = []
    held: list[Hold] = []
    problem = ""
    for report in reports:
        try:
            phases.update(enumerate(report.phases, report.first))
            names.update({int(identity): name for identity, name in report.cgroups.items()})
            records = [json.loads(line) for line in report.records.splitlines()]
            ran += [_ran_under(each, phases, names) for each in records if "cgroup" in each]
            cells = [each for each in records if "cpu" in each]
            for phase, of_phase in groupby(cells, lambda each: each["phase"]):
                idle.append(_idleness(phases[phase], list(of_phase)))
            held += [_hold(each) for each in records if "held" in each]
        except (UsageError, ValueError, KeyError, TypeError) as error:
            problem = f"a report of the witness cannot be read: {type(error).__name__}: {error}"
            break
    return Seen(tuple(ran), tuple(idle), tuple(held), problem)


def _ran_under(found: dict[str, Any], phases: dict[int, Phase], names: dict[int, str]) -> RanUnder:
    whom = {"cgroup": names[found["cgroup"]], "pid": found["pid"] or None}
    phase = asdict(phases[found["phase"]])
    return decode(RanUnder, {**phase, **whom, "samples": found["samples"]})


def _idleness(phase: Phase, cells: list[dict[str, Any]]) -> Idleness:
    cpus = [{**_NOT_WASTED, **each} for each in cells]
    for each in cpus:
        del each["phase"]
    return decode(Idleness, {**asdict(phase), "cpus": cpus})


def _hold(found: dict[str, Any]) -> Hold:
    rest = {key: value for key, value in found.items() if key not in ("held", "class")}
    return decode(Hold, {"cpu": found["held"], "sched_class": found["class"], **rest})
