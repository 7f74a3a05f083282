# SPDX-License-Identifier: Apache-2.0
"""Steady load: nothing changes while the clock runs, so everybody must get their share."""

from ktstr import (
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    Mixed,
    Policy,
    Scenario,
    TopologyView,
    Work,
    YieldHeavy,
    defs,
    scenario,
)


@scenario(checks=Checks(max_gap_ms=500))
def two_cgroups(machine: TopologyView) -> Scenario:
    """Two cgroups of spinning workers, the simplest load there is."""
    return defs(CgroupDef("cg_0"), CgroupDef("cg_1"))


@scenario(duration=2.0, checks=Checks(max_gap_ms=1500))
def oversubscribed(machine: TopologyView) -> Scenario:
    """Four workers for every CPU, half of them yielding."""
    work = Work(Mixed(), workers=2 * len(machine.cpus))
    return defs(CgroupDef("cg_0", works=(work,)), CgroupDef("cg_1", works=(work,)))


@scenario(checks=Checks(max_gap_ms=1000))
def mixed_types(machine: TopologyView) -> Scenario:
    """Spinning, yielding and bursty workers side by side in one cgroup."""
    bursty = Bursty(burst_us=5_000, sleep_us=10_000)
    works = (Work(CpuSpin(), workers=1), Work(YieldHeavy(), workers=1), Work(bursty, workers=2))
    return defs(CgroupDef("cg_0", works=works))


@scenario(checks=Checks(max_gap_ms=1000))
def mixed_policies(machine: TopologyView) -> Scenario:
    """NORMAL, BATCH and a bursty FIFO task, which must not take the machine from the others."""
    bursty = Bursty(burst_us=500, sleep_us=5_000)
    works = (
        Work(CpuSpin(), workers=1),
        Work(CpuSpin(), workers=1, policy=Policy.BATCH),
        Work(bursty, workers=1, policy=Policy.FIFO, rt_priority=1),
    )
    return defs(CgroupDef("cg_0", works=works))
