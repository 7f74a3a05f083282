# SPDX-License-Identifier: Apache-2.0
"""The least that any scheduler must stand: load, and a cpuset."""

from ktstr import (
    CgroupDef,
    Checks,
    CpuSpin,
    Disjoint,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
)


@scenario(checks=Checks(max_gap_ms=1000))
def more_tasks_than_cpus(machine: TopologyView) -> Scenario:
    """Two spinning workers for every CPU."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=2 * len(machine.cpus)),)))


@scenario(checks=Checks(isolation=True, max_gap_ms=1000))
def confined(machine: TopologyView) -> Scenario:
    """A cgroup that is confined to half of the machine beside one that is not."""
    parts = min(2, len(machine.usable_cpus))
    return defs(CgroupDef("confined", cpuset=Disjoint(0, parts)), CgroupDef("free"))
