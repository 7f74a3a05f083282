# SPDX-License-Identifier: Apache-2.0
"""Cpusets that overlap, come, go, grow, shrink and change places under load."""

from ktstr import (
    Backdrop,
    Bursty,
    Checks,
    CpuSpin,
    Exact,
    Frac,
    Needs,
    Scenario,
    SetCpuset,
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

_FREE = Checks(max_gap_ms=500, max_migrations_per_s=40)
_CONFINED = Checks(max_gap_ms=500, max_migrations_per_s=40, isolation=True)
_WAKES = Checks(max_gap_ms=500, max_wake_p99_us=100_000, max_migrations_per_s=12, isolation=True)
_CROWD = Checks(max_gap_ms=3000, max_migrations_per_s=15, isolation=True)
_THIRD = Frac(1 / 3)


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=3))
def cgroup_overlap_steady(machine: TopologyView) -> Scenario:
    """Stresses shared CPUs: three cgroups of which each shares half of its CPUs with the next."""
    return defs(*scenarios.confine(scenarios.alike(3), scenarios.overlapping(machine, 3, 0.5)))


@scenario(duration=1.5, checks=_FREE, needs=Needs(cpus=2))
def apply_midrun(machine: TopologyView) -> Scenario:
    """Stresses tasks that must leave the CPU they run on: cpusets come at half-time."""
    return scenarios.cpuset_apply(machine)


@scenario(duration=1.5, checks=_FREE, needs=Needs(cpus=2))
def clear_midrun(machine: TopologyView) -> Scenario:
    """Stresses spreading out again: cpusets go at half-time."""
    return scenarios.cpuset_clear(machine)


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=2))
def resize(machine: TopologyView) -> Scenario:
    """Stresses following a border that moves to and fro between two cgroups."""
    return scenarios.cpuset_resize(machine)


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=3))
def swap_disjoint(machine: TopologyView) -> Scenario:
    """Stresses moving everybody at once: two cgroups exchange their halves, and then back."""
    swap = (SwapCpusets("cg_0", "cg_1"),)
    return Scenario(
        backdrop=Backdrop(
            cgroups=scenarios.confine(scenarios.alike(2), scenarios.split_half(machine))
        ),
        steps=(Step(hold=_THIRD), Step(ops=swap, hold=_THIRD), Step(ops=swap, hold=_THIRD)),
    )


@scenario(duration=1.5, checks=_WAKES, needs=Needs(cpus=2))
def workload_imbalance(machine: TopologyView) -> Scenario:
    """Stresses a full half beside a slack one: spinners, two for each CPU, and sleepers."""
    halves = scenarios.split_half(machine)
    cgroups = scenarios.unlike(
        Work(CpuSpin(), workers=2 * len(halves[0])),
        Work(Bursty(burst_us=50_000, sleep_us=100_000)),
    )
    return defs(*scenarios.confine(cgroups, halves))


@scenario(duration=1.8, checks=_WAKES, needs=Needs(cpus=3))
def change_imbalance(machine: TopologyView) -> Scenario:
    """Stresses sleepers that wake up in a narrower place: one CPU for a third of the time."""
    halves = scenarios.split_half(machine)
    cgroups = scenarios.unlike(Work(CpuSpin()), Work(Bursty(burst_us=30_000, sleep_us=100_000)))
    one = Exact(frozenset({min(halves[1])}))
    return Scenario(
        backdrop=Backdrop(cgroups=scenarios.confine(cgroups, halves)),
        steps=(
            Step(hold=_THIRD),
            Step(ops=(SetCpuset("cg_1", one),), hold=_THIRD),
            Step(ops=(SetCpuset("cg_1", Exact(halves[1])),), hold=_THIRD),
        ),
    )


@scenario(duration=1.8, checks=_CROWD, needs=Needs(cpus=2))
def load_shift(machine: TopologyView) -> Scenario:
    """Stresses load that changes sides: 16 spinners on a half, then 16 on the other as well."""
    spinners = Work(CpuSpin(), workers=16)
    cgroups = scenarios.unlike(spinners, Work(YieldHeavy(), workers=1))
    return Scenario(
        backdrop=Backdrop(cgroups=scenarios.confine(cgroups, scenarios.split_half(machine))),
        steps=(Step(hold=Frac(1 / 2)), Step(ops=(Spawn("cg_1", spinners),), hold=Frac(1 / 2))),
    )
