# SPDX-License-Identifier: Apache-2.0
"""EEVDF lets no CPU stand idle beside a waiting task; //sched/faulty shows one that does."""

from ktstr import (
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    Disjoint,
    FutexPingPong,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
)

_CHECKS = Checks(max_wasted_cpu_pct=10)


@scenario(duration=2.0, checks=_CHECKS)
def one_spinner_a_cpu(machine: TopologyView) -> Scenario:
    """As many as there are CPUs."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=len(machine.cpus)),)))


@scenario(duration=2.0, checks=_CHECKS)
def more_spinners_than_cpus(machine: TopologyView) -> Scenario:
    """Somebody waits at any time, and no CPU is ever idle."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=2 * len(machine.cpus)),)))


@scenario(duration=2.0, checks=_CHECKS)
def crowded_beside_idle_ones_that_nobody_may_use(machine: TopologyView) -> Scenario:
    """A cpuset keeps those who wait from the idle CPUs, so that these are not wasted."""
    crowd = Work(CpuSpin(), workers=4)
    return defs(CgroupDef("cg_0", cpuset=Disjoint(0, 2), works=(crowd,)))


@scenario(duration=2.0, checks=_CHECKS)
def sleepers(machine: TopologyView) -> Scenario:
    """CPUs are idle, and nobody waits for long."""
    naps = Work(Bursty(burst_us=2_000, sleep_us=2_000), workers=4)
    return defs(CgroupDef("cg_0", works=(naps,)))


@scenario(duration=2.0, checks=_CHECKS)
def pairs(machine: TopologyView) -> Scenario:
    """Tasks that wake each other all the time, fewer than CPUs, wait for moments only."""
    return defs(CgroupDef("cg_0", works=(Work(FutexPingPong(), workers=4),)))
