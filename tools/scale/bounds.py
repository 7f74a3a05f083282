# SPDX-License-Identifier: Apache-2.0
"""What no schedule can be shorter than, for each thing that may be too little, and which it is."""

from __future__ import annotations

from dataclasses import dataclass

from tools.scale.farm import Farm
from tools.scale.schedule import Schedule
from tools.scale.workload import Workload


@dataclass(frozen=True)
class Bound:
    """Seconds that a build takes at least, as `name` would be if there were enough of all else."""

    name: str
    seconds: float


def bounds(workload: Workload, farm: Farm, schedule: Schedule) -> tuple[Bound, ...]:
    """All of them, the longest first; of equals in the order that is written here."""
    tasks, costs = workload.tasks, farm.costs
    on_worker = [
        costs.stage_s + task.seconds + task.output_bytes / costs.transfer_bytes_s for task in tasks
    ]
    before = costs.client_s + costs.dispatch_s
    moved = schedule.staged_bytes + schedule.returned_bytes
    found = {
        "longest chain": chain_s(workload, farm),
        "workers": sum(on_worker) / farm.slots,
        "cores": sum(costs.stage_s + task.seconds * task.cpu for task in tasks) / farm.cores,
        "client's cores": len(tasks) * costs.client_s / costs.client_cores,
        "client's jobs": (sum(on_worker) + before * len(tasks)) / costs.client_jobs,
        "cache's bandwidth": moved / costs.cas_bytes_s,
    }
    all_of_them = [Bound(name, costs.analysis_s + seconds) for name, seconds in found.items()]
    all_of_them.append(Bound("analysis", costs.analysis_s))
    return tuple(sorted(all_of_them, key=lambda each: -each.seconds))


def chain_s(workload: Workload, farm: Farm) -> float:
    """The longest chain of tasks that need each other, with what each costs beside running."""
    costs = farm.costs
    beside = costs.client_s + costs.dispatch_s + costs.stage_s
    ends: list[float] = []
    for task in workload.tasks:
        sent_s = task.output_bytes / costs.transfer_bytes_s
        ready = max((ends[each] for each in task.needs), default=0.0)
        ends.append(ready + beside + task.seconds + sent_s)
    return max(ends, default=0.0)
