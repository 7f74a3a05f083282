# SPDX-License-Identifier: Apache-2.0
"""Nested: cgroups within cgroups.  Workers live in leaves, as cgroup v2 wants it."""

from ktstr import (
    AddCgroup,
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    Exact,
    Fixed,
    Needs,
    Scenario,
    Step,
    TopologyView,
    Work,
    defs,
    scenario,
    scenarios,
)

_FREE = Checks(max_gap_ms=500, max_migrations_per_s=40)


@scenario(duration=1.5, checks=_FREE)
def cgroup_steady(machine: TopologyView) -> Scenario:
    """Stresses uneven depth: workers two and three levels down."""
    return scenarios.nested_steady()


@scenario(duration=2.0, checks=_FREE)
def task_move(machine: TopologyView) -> Scenario:
    """Stresses tasks that move within a branch, to a deeper level of another, and up."""
    return scenarios.nested_task_move()


@scenario(duration=1.5, checks=_FREE)
def rapid_churn(machine: TopologyView) -> Scenario:
    """Stresses cgroup callbacks below a loaded parent: a child every 50 ms, each third with one."""
    rounds = []
    for i in range(30):
        names = [f"cg_0/churn_{i}"]
        if i % 3 == 0:
            names.append(f"cg_0/churn_{i}/deep")
        rounds.append(Step(ops=tuple(map(AddCgroup, names)), hold=Fixed(0.05)))
    loaded = (CgroupDef("cg_0", works=None), CgroupDef("cg_0/loaded"), CgroupDef("cg_1"))
    return Scenario(steps=tuple(rounds), backdrop=Backdrop(cgroups=loaded))


@scenario(
    duration=1.5,
    checks=Checks(max_gap_ms=500, max_migrations_per_s=40, isolation=True),
    needs=Needs(cpus=3),
)
def cpuset(machine: TopologyView) -> Scenario:
    """Stresses cpusets within cpusets: the parent has half of the machine, a child a quarter."""
    half = machine.usable_cpus[: max(2, len(machine.usable_cpus) // 2)]
    quarter = half[: len(half) // 2]
    return defs(
        CgroupDef("cg_0", cpuset=Exact(frozenset(half)), works=None),
        CgroupDef("cg_0/narrow", cpuset=Exact(frozenset(quarter))),
        CgroupDef("cg_0/wide"),
    )


@scenario(
    duration=1.5,
    checks=Checks(max_gap_ms=500, max_wake_p99_us=150_000, max_migrations_per_s=40),
)
def imbalance(machine: TopologyView) -> Scenario:
    """Stresses unlike leaves: eight spinners in one branch, two sleepers in the other."""
    return defs(
        CgroupDef("cg_0", works=None),
        CgroupDef("cg_0/heavy", works=(Work(CpuSpin(), workers=8),)),
        CgroupDef("cg_1", works=None),
        CgroupDef("cg_1/light", works=(Work(Bursty(50_000, 100_000), workers=2),)),
    )


@scenario(duration=1.5, checks=_FREE)
def no_ctrl(machine: TopologyView) -> Scenario:
    """Stresses depth alone: one leaf at the end of a chain of four, one beside its top."""
    chain = ("a", "a/b", "a/b/c")
    return defs(
        *(CgroupDef(name, works=None) for name in chain), CgroupDef("a/b/c/d"), CgroupDef("beside")
    )
