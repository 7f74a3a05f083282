# SPDX-License-Identifier: Apache-2.0
"""A library of scenarios: how to divide a machine, what to play on it, and what chance brings.

from ktstr import scenarios

@scenario(checks=Checks(isolation=True))
def on_two_halves(machine: TopologyView) -> Scenario:
    return defs(*scenarios.confine(scenarios.alike(2), scenarios.split_half(machine)))
"""

from ktstr.scenarios.canned import (
    affinity_change,
    affinity_pinned,
    cgroup_add,
    cgroup_remove,
    cpuset_apply,
    cpuset_clear,
    cpuset_resize,
    host_contention,
    mixed_workloads,
    nested_steady,
    nested_task_move,
    oversubscribed,
    steady,
    steady_llc,
)
from ktstr.scenarios.cgroups import alike, confine, diverse, unlike
from ktstr.scenarios.generated import generated
from ktstr.scenarios.partition import (
    Partition,
    holdback,
    llc_aligned,
    overlapping,
    split_half,
    split_misaligned,
    thirds,
    uneven,
)
from ktstr.scenarios.works import bursty, spinners

__all__ = [
    "Partition",
    "affinity_change",
    "affinity_pinned",
    "alike",
    "bursty",
    "cgroup_add",
    "cgroup_remove",
    "confine",
    "cpuset_apply",
    "cpuset_clear",
    "cpuset_resize",
    "diverse",
    "generated",
    "holdback",
    "host_contention",
    "llc_aligned",
    "mixed_workloads",
    "nested_steady",
    "nested_task_move",
    "overlapping",
    "oversubscribed",
    "spinners",
    "split_half",
    "split_misaligned",
    "steady",
    "steady_llc",
    "thirds",
    "uneven",
    "unlike",
]
