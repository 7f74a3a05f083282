# SPDX-License-Identifier: Apache-2.0
"""Interaction: imbalance, unlike work, cpusets and moves, each together with another."""

from itertools import pairwise

from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    Frac,
    IoSync,
    MoveAllTasks,
    Needs,
    Scenario,
    Spawn,
    Step,
    SwapCpusets,
    TopologyView,
    Work,
    YieldHeavy,
    defs,
    scenario,
    scenarios,
)
from ktstr.scenarios import bursty, spinners

_FREE = Checks(max_gap_ms=1000, max_migrations_per_s=40)
_CROWD = Checks(max_gap_ms=1000, max_migrations_per_s=20)
_CONFINED = Checks(max_gap_ms=500, max_migrations_per_s=40, isolation=True)
_WAKES = Checks(max_gap_ms=1000, max_wake_p99_us=150_000)
_CONFINED_WAKES = Checks(
    max_gap_ms=1000, max_wake_p99_us=80_000, max_migrations_per_s=15, isolation=True
)
_MOVED_WAKES = Checks(max_gap_ms=1000, max_wake_p99_us=150_000, max_migrations_per_s=40)
# no limit for migrations: who yields may come back on any CPU
_YIELDS = Checks(max_gap_ms=1000)
# The agent, which is real-time, collects 16 reports on one CPU, and who waits for that CPU waits.
_JOINED = Checks(max_gap_ms=2500)
_HALF, _QUARTER, _TENTH = Frac(1 / 2), Frac(1 / 4), Frac(1 / 10)


def _yield(workers: int) -> Work:
    return Work(YieldHeavy(), workers=workers)


@scenario(duration=2.0, checks=_JOINED)
def add_load_imbalance(machine: TopologyView) -> Scenario:
    """Stresses load that comes to one side: 16 spinners join one of two yielding cgroups."""
    return Scenario(
        backdrop=Backdrop(cgroups=scenarios.alike(2, Work(YieldHeavy()))),
        steps=(Step(hold=_HALF), Step(ops=(Spawn("cg_0", spinners(16)),), hold=_HALF)),
    )


@scenario(duration=1.5, checks=_WAKES)
def imbalance_mixed_workload(machine: TopologyView) -> Scenario:
    """Stresses unlike loads of unlike size: eight spinners, sleepers, and writers."""
    return defs(*scenarios.unlike(spinners(8), bursty(2, 100, 50), Work(IoSync())))


@scenario(duration=2.0, checks=_YIELDS)
def load_oscillation(machine: TopologyView) -> Scenario:
    """Stresses following: the heavy side and the light one change roles every quarter."""
    heavy, light = spinners(4), _yield(1)
    sides = ((heavy, light), (light, heavy), (heavy, light), (light, heavy))
    return Scenario(
        steps=tuple(Step(setup=scenarios.unlike(*side), hold=_QUARTER) for side in sides)
    )


@scenario(duration=2.0, checks=_CROWD)
def four_way_load_imbalance(machine: TopologyView) -> Scenario:
    """Stresses more than two sides: 16 spinners, a yielder, 8 and 4 spinners."""
    return defs(*scenarios.unlike(spinners(16), _yield(1), spinners(8), spinners(4)))


@scenario(duration=1.5, checks=_CONFINED_WAKES, needs=Needs(cpus=2))
def cpuset_imbalance_combined(machine: TopologyView) -> Scenario:
    """Stresses a full half beside one that sleeps most of the time."""
    halves = scenarios.split_half(machine)
    cgroups = scenarios.unlike(spinners(2 * len(halves[0])), bursty(2, 50, 150))
    return defs(*scenarios.confine(cgroups, halves))


@scenario(duration=1.5, checks=_CONFINED_WAKES, needs=Needs(cpus=3))
def cpuset_overlap_imbalance_combined(machine: TopologyView) -> Scenario:
    """Stresses imbalance over shared CPUs: twelve spinners, two sleepers, a yielder."""
    cgroups = scenarios.unlike(spinners(12), bursty(2, 50, 100), _yield(1))
    return defs(*scenarios.confine(cgroups, scenarios.overlapping(machine, 3, 0.5)))


@scenario(duration=2.0, checks=_FREE)
def no_ctrl_task_migration(machine: TopologyView) -> Scenario:
    """Stresses tasks that change their cgroup: to and fro, nine times, with no limit anywhere."""
    there, back = MoveAllTasks("here", "there"), MoveAllTasks("there", "here")
    moves = (Step(ops=(back if i % 2 else there,), hold=_TENTH) for i in range(9))
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("here"), CgroupDef("there", works=None))),
        steps=(Step(hold=_TENTH), *moves),
    )


@scenario(duration=1.5, checks=_MOVED_WAKES)
def no_ctrl_imbalance(machine: TopologyView) -> Scenario:
    """Stresses moving into a crowd and out of it: two workers between six and sleepers."""
    cgroups = (
        CgroupDef("heavy", works=None),
        CgroupDef("heavy/own", works=(spinners(6),)),
        CgroupDef("heavy/guests", works=None),
        CgroupDef("light", works=None),
        CgroupDef("light/own", works=(bursty(2, 50, 100),)),
        CgroupDef("light/guests", works=None),
        CgroupDef("mobile", works=(spinners(2),)),
    )
    path = ("mobile", "heavy/guests", "light/guests") * 2
    steps = (Step(ops=(MoveAllTasks(a, b),), hold=Frac(1 / 6)) for a, b in pairwise(path))
    return Scenario(backdrop=Backdrop(cgroups=cgroups), steps=(Step(hold=Frac(1 / 6)), *steps))


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=2))
def no_ctrl_cpuset_change(machine: TopologyView) -> Scenario:
    """Stresses cpusets as the only limit: halves that are exchanged at half-time."""
    cgroups = scenarios.confine(scenarios.alike(2), scenarios.split_half(machine))
    return Scenario(
        backdrop=Backdrop(cgroups=cgroups),
        steps=(Step(hold=_HALF), Step(ops=(SwapCpusets("cg_0", "cg_1"),), hold=_HALF)),
    )


@scenario(duration=2.0, checks=Checks(max_gap_ms=1000, max_migrations_per_s=25))
def no_ctrl_load_imbalance(machine: TopologyView) -> Scenario:
    """Stresses imbalance between cgroups one level down, where only tasks carry weight."""
    parents = (CgroupDef("cg_0", works=None), CgroupDef("cg_1", works=None))
    return defs(
        *parents,
        CgroupDef("cg_0/heavy", works=(spinners(16),)),
        CgroupDef("cg_1/light", works=(_yield(1),)),
    )


@scenario(duration=1.5, checks=_WAKES)
def io_compute_imbalance(machine: TopologyView) -> Scenario:
    """Stresses who waits often and computes little, against a spinner for every CPU."""
    return defs(*scenarios.unlike(Work(IoSync()), spinners(len(machine.cpus))))
