# SPDX-License-Identifier: Apache-2.0
"""Dynamic: cgroups come and go while others run."""

from ktstr import (
    AddCgroup,
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    Fixed,
    Frac,
    Needs,
    Scenario,
    Step,
    TopologyView,
    Work,
    scenario,
    scenarios,
)

_FREE = Checks(max_gap_ms=1500, max_migrations_per_s=40)
_THIRD = Frac(1 / 3)
_SPINNERS = Work(CpuSpin(), workers=8)


@scenario(duration=1.5, checks=_FREE)
def cgroup_add_midrun(machine: TopologyView) -> Scenario:
    """Stresses newcomers: two cgroups appear beside two loaded ones at half-time."""
    return scenarios.cgroup_add()


@scenario(duration=1.5, checks=_FREE)
def cgroup_remove_midrun(machine: TopologyView) -> Scenario:
    """Stresses leavers: two of four loaded cgroups go at half-time, and the rest spreads out."""
    return scenarios.cgroup_remove()


@scenario(duration=1.5, checks=_FREE)
def cgroup_rapid_churn(machine: TopologyView) -> Scenario:
    """Stresses a scheduler's cgroup callbacks: an empty one lives for 100 ms, again and again."""
    rounds = (Step(ops=(AddCgroup(f"ephemeral_{i}"),), hold=Fixed(0.1)) for i in range(15))
    return Scenario(steps=tuple(rounds), backdrop=Backdrop(cgroups=scenarios.alike(2)))


@scenario(duration=1.8, checks=Checks(max_gap_ms=500, isolation=True), needs=Needs(cpus=4))
def cpuset_add_remove(machine: TopologyView) -> Scenario:
    """Stresses CPUs that fill and fall idle: the third third has a cgroup for a third only."""
    cgroups = scenarios.confine(scenarios.alike(3), scenarios.thirds(machine))
    return Scenario(
        backdrop=Backdrop(cgroups=cgroups[:2]),
        steps=(Step(hold=_THIRD), Step(setup=cgroups[2:], hold=_THIRD), Step(hold=_THIRD)),
    )


@scenario(
    duration=1.5,
    checks=Checks(max_gap_ms=1500, max_wake_p99_us=150_000, max_migrations_per_s=40),
)
def add_during_imbalance(machine: TopologyView) -> Scenario:
    """Stresses a scheduler that is already out of balance: eight spin, two sleep, four come."""
    sleepers = Work(Bursty(burst_us=50_000, sleep_us=100_000), workers=2)
    late = CgroupDef("late", works=(Work(CpuSpin(), workers=4),))
    return Scenario(
        backdrop=Backdrop(cgroups=scenarios.unlike(_SPINNERS, sleepers)),
        steps=(Step(hold=Frac(1 / 2)), Step(setup=(late,), hold=Frac(1 / 2))),
    )
