# SPDX-License-Identifier: Apache-2.0
"""Tenants in cells: the children of one cgroup, each with CPUs of its own."""

from ktstr import (
    CgroupDef,
    Checks,
    CpuSpin,
    Exact,
    Limits,
    Scenario,
    TopologyView,
    Work,
    better_than,
    compare,
    defs,
    not_worse_than,
    scenario,
)


@scenario(duration=8.0, checks=Checks(not_starved=True))
def a_tenant_is_apart_from_a_hog(machine: TopologyView) -> Scenario:
    """Two spinners beside eight: with CPUs of their own they do more than EEVDF lets them.

    Weights are as the numbers of threads, as EEVDF shares where the cpu controller is off: two
    tasks of ten have 0.8 of four CPUs, and a cell gives them two. Linux 7.3 weighs a cgroup by its
    tasks once more, and leaves them 0.24. The hog keeps two CPUs of at most four that it had, and
    would lose more than the claim allows with one.
    """
    return compare(
        CgroupDef("sensitive", works=(Work(CpuSpin(), workers=2),), limits=Limits(weight=20)),
        CgroupDef("hog", works=(Work(CpuSpin(), workers=8),), limits=Limits(weight=80)),
        claims=(
            better_than("iterations_per_s", ratio=1.2, cgroup="sensitive"),
            not_worse_than("iterations_per_s", ratio=2.5, cgroup="hog"),
        ),
        repeats=4,
    )


@scenario(duration=2.0)
def cpusets_may_cover_all_cpus(machine: TopologyView) -> Scenario:
    """Two cells whose cpusets leave no CPU to anybody else: all still run."""
    half = len(machine.cpus) // 2
    spinner = (Work(CpuSpin(), workers=1),)
    return defs(
        CgroupDef("alpha", Exact(frozenset(range(half))), works=spinner),
        CgroupDef("beta", Exact(frozenset(range(half, 2 * half))), works=spinner),
    )
