# SPDX-License-Identifier: Apache-2.0
"""A schedule in words and as JSON."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from dataclasses import dataclass

from tools.scale.bounds import Bound, bounds
from tools.scale.farm import Farm
from tools.scale.schedule import Schedule
from tools.scale.workload import Kind, Workload

_HOUR_S = 3600.0
_MB = 1e6


@dataclass(frozen=True)
class Figures:
    """What is told of a schedule; `core_use` and `slot_use` are parts of 1."""

    guests: int
    wall_s: float
    guests_per_hour: float
    core_use: float
    slot_use: float
    bounds: tuple[Bound, ...]

    @property
    def limit(self) -> str:
        """What would have to be more, or shorter, first."""
        return self.bounds[0].name


def figures_of(workload: Workload, farm: Farm, schedule: Schedule) -> Figures:
    """Makes them; 0 for what has no meaning as nothing ran."""
    wall_s = schedule.wall_s
    return Figures(
        guests=workload.guests,
        wall_s=wall_s,
        guests_per_hour=workload.guests / wall_s * _HOUR_S if wall_s else 0.0,
        core_use=schedule.core_s / (wall_s * farm.cores) if wall_s else 0.0,
        slot_use=schedule.slot_s / (wall_s * farm.slots) if wall_s else 0.0,
        bounds=bounds(workload, farm, schedule),
    )


def text_of(workload: Workload, farm: Farm, schedule: Schedule) -> str:
    """Lines for people."""
    figures = figures_of(workload, farm, schedule)
    kinds = Counter(task.kind for task in workload.tasks)
    work_s = sum(task.seconds for task in workload.tasks)
    waited = sorted(schedule.waited_s) or [0.0]
    lines = [
        f"build: {kinds[Kind.TEST]} tests with {figures.guests} guests, "
        f"{kinds[Kind.TEMPLATE]} saved guests, {kinds[Kind.BUILD]} other actions; "
        f"{work_s:.1f} s one after another",
        f"farm: {sum(each.count for each in farm.machines)} machines, {farm.cores:g} cores, "
        f"{farm.slots} actions at once",
        f"wall time       {figures.wall_s:10.1f} s",
        f"guests an hour  {figures.guests_per_hour:10.0f}",
        f"cores busy      {100 * figures.core_use:10.0f} %",
        f"workers busy    {100 * figures.slot_use:10.0f} %",
        f"saved guests    {schedule.templates_s:10.1f} s until the last was there",
        f"wait for worker {statistics.median(waited):10.1f} s median, {waited[-1]:.1f} s at most",
        f"staged          {schedule.staged_bytes / _MB:10.1f} MB",
        f"sent back       {schedule.returned_bytes / _MB:10.1f} MB",
        f"killed          {schedule.kills:10d} machines, {schedule.retries} actions done again",
        "at least, if there were enough of all else:",
        *(f"  {each.name:18}{each.seconds:10.1f} s" for each in figures.bounds),
        f"limit: {figures.limit}",
    ]
    return "\n".join(lines)


def json_of(workload: Workload, farm: Farm, schedule: Schedule) -> str:
    """The same for programs, one object."""
    figures = figures_of(workload, farm, schedule)
    kinds = Counter(task.kind.value for task in workload.tasks)
    found = {
        "tasks": {kind.value: kinds[kind.value] for kind in Kind},
        "guests": figures.guests,
        "cores": farm.cores,
        "slots": farm.slots,
        "wall_s": round(figures.wall_s, 3),
        "guests_per_hour": round(figures.guests_per_hour, 1),
        "core_use": round(figures.core_use, 4),
        "slot_use": round(figures.slot_use, 4),
        "templates_s": round(schedule.templates_s, 3),
        "longest_wait_s": round(max(schedule.waited_s, default=0.0), 3),
        "staged_bytes": schedule.staged_bytes,
        "returned_bytes": schedule.returned_bytes,
        "kills": schedule.kills,
        "retries": schedule.retries,
        "bounds_s": {each.name: round(each.seconds, 3) for each in figures.bounds},
        "limit": figures.limit,
    }
    return json.dumps(found, indent=2)
