# SPDX-License-Identifier: Apache-2.0
"""Stress: more cgroups, more workers and more kinds of them than are good for a machine."""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    Exact,
    Fixed,
    Frac,
    Loop,
    Mixed,
    Needs,
    RemoveCgroup,
    Scenario,
    SingleCpu,
    Step,
    SwapCpusets,
    TopologyView,
    Work,
    defs,
    scenario,
    scenarios,
)

_STEADY = Checks(max_gap_ms=500, max_migrations_per_s=40, isolation=True)
_FREE = Checks(max_gap_ms=1500)
_CONFINED = Checks(max_gap_ms=500, isolation=True)
_QUEUED = Checks(max_gap_ms=3000, max_wake_p99_us=150_000, max_migrations_per_s=20, isolation=True)
_THIRD = Frac(1 / 3)


@scenario(duration=1.5, checks=_STEADY, needs=Needs(cpus=3))
def cgroup_partial_cpus_steady(machine: TopologyView) -> Scenario:
    """Stresses CPUs that nobody may use: a third stays idle beside two cgroups."""
    return defs(*scenarios.confine(scenarios.alike(2), scenarios.holdback(machine, 0.33)))


@scenario(duration=1.5, checks=_STEADY, needs=Needs(cpus=2))
def cgroup_uneven_steady(machine: TopologyView) -> Scenario:
    """Stresses cpusets of unequal size: three quarters against one."""
    return defs(*scenarios.confine(scenarios.alike(2), scenarios.uneven(machine, 0.75)))


@scenario(duration=2.0, checks=_FREE)
def cgroup_oversubscribed(machine: TopologyView) -> Scenario:
    """Stresses long queues: 64 workers that yield all the time."""
    return scenarios.oversubscribed()


@scenario(duration=2.0, checks=_CONFINED)
def cgroup_per_cpu(machine: TopologyView) -> Scenario:
    """Stresses many small cgroups: one for each CPU (64 at most), with a worker that it pins."""
    ones = tuple(frozenset({cpu}) for cpu in sorted(machine.cpus)[:64])
    return defs(*scenarios.confine(scenarios.alike(len(ones), Work(workers=1)), ones))


@scenario(duration=1.0, checks=_CONFINED, needs=Needs(cpus=3))
def cgroup_exhaust_reuse(machine: TopologyView) -> Scenario:
    """Stresses freed state: single-CPU cgroups fill the machine, half go, others come instead."""
    ones = tuple(Exact(frozenset({cpu})) for cpu in machine.usable_cpus[:15])
    first = tuple(CgroupDef(f"first_{i}", cpuset=one) for i, one in enumerate(ones))
    gone = first[len(first) // 2 :]
    again = tuple(CgroupDef(f"again_{i}", cpuset=cgroup.cpuset) for i, cgroup in enumerate(gone))
    removed = tuple(RemoveCgroup(cgroup.name) for cgroup in gone)
    return Scenario(
        backdrop=Backdrop(cgroups=first),
        steps=(
            Step(hold=Fixed(0.5)),
            Step(ops=removed, hold=Fixed(0.5)),
            Step(setup=again, hold=Frac(1.0)),
        ),
    )


@scenario(duration=2.0, checks=_QUEUED, needs=Needs(cpus=3))
def dsq_contention(machine: TopologyView) -> Scenario:
    """Stresses a shared queue: three short sleepers for each CPU beside pinned spinners.

    Who is bound to a CPU must get it within 1.5 s, whatever stands in the queue before.
    """
    crowd = Work(Bursty(burst_us=10_000, sleep_us=5_000), workers=max(8, 3 * len(machine.cpus)))
    pinned = Work(CpuSpin(), workers=min(4, len(machine.usable_cpus)), affinity=SingleCpu())
    usable = Exact(frozenset(machine.usable_cpus))
    return defs(CgroupDef("cg_0", cpuset=usable, works=(crowd, pinned)))


@scenario(duration=1.5, checks=Checks(max_gap_ms=500, max_wake_p99_us=100_000))
def workload_variety(machine: TopologyView) -> Scenario:
    """Stresses unlike neighbours: five cgroups that spin, sleep, write, mix and yield."""
    return defs(*scenarios.diverse(5))


@scenario(
    duration=1.5,
    checks=Checks(max_gap_ms=500, max_wake_p99_us=100_000, isolation=True),
    needs=Needs(cpus=4),
)
def cpuset_workload_variety(machine: TopologyView) -> Scenario:
    """Stresses unlike neighbours that cannot help each other: three kinds, a third each."""
    return defs(*scenarios.confine(scenarios.diverse(3), scenarios.thirds(machine)))


@scenario(duration=1.8, checks=Checks(max_gap_ms=1500, max_wake_p99_us=150_000))
def dynamic_workload_variety(machine: TopologyView) -> Scenario:
    """Stresses a guest among them: sleepers in a fourth cgroup come for a third of the time."""
    late = Work(Bursty(burst_us=100_000, sleep_us=50_000), workers=4)
    return Scenario(
        backdrop=Backdrop(cgroups=scenarios.diverse(3)),
        steps=(
            Step(hold=_THIRD),
            Step(setup=(CgroupDef("late", works=(late,)),), hold=_THIRD),
            Step(hold=_THIRD),
        ),
    )


@scenario(duration=1.5, checks=_CONFINED, needs=Needs(cpus=3, llcs=2))
def cpuset_cross_llc_race(machine: TopologyView) -> Scenario:
    """Stresses moving crowds between caches: two LLCs' cgroups change places every 200 ms."""
    llcs = scenarios.llc_aligned(machine)[:2]
    crowd = Work(Mixed(), workers=8 * len(machine.llcs[0]))
    return Scenario(
        backdrop=Backdrop(cgroups=scenarios.confine(scenarios.alike(2, crowd), llcs)),
        steps=(Step(ops=(SwapCpusets("cg_0", "cg_1"),), hold=Loop(0.2)),),
    )
