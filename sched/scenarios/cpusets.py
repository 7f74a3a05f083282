# SPDX-License-Identifier: Apache-2.0
"""Cpusets: a task must never run outside its own, also while cpusets change under load."""

from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    ClearCpuset,
    CpuSpin,
    Disjoint,
    Frac,
    Llc,
    Numa,
    Overlap,
    Scenario,
    SetCpuset,
    Step,
    SwapCpusets,
    TopologyView,
    Work,
    defs,
    scenario,
)

_ISOLATED = Checks(isolation=True, max_gap_ms=1000)


@scenario(checks=_ISOLATED)
def disjoint_halves(machine: TopologyView) -> Scenario:
    """Two cgroups, each on its half of the machine (on the same CPU where there is only one)."""
    parts = min(2, len(machine.usable_cpus))
    return defs(
        CgroupDef("cg_0", cpuset=Disjoint(0, parts)),
        CgroupDef("cg_1", cpuset=Disjoint(parts - 1, parts)),
    )


@scenario(checks=_ISOLATED)
def one_llc_each(machine: TopologyView) -> Scenario:
    """A cgroup for every LLC, with a worker more than the LLC has CPUs."""
    return defs(
        *(
            CgroupDef(f"llc_{i}", cpuset=Llc(i), works=(Work(CpuSpin(), workers=len(cpus) + 1),))
            for i, cpus in enumerate(machine.llcs)
        )
    )


@scenario(checks=_ISOLATED)
def one_node_each(machine: TopologyView) -> Scenario:
    """A cgroup for every NUMA node."""
    return defs(*(CgroupDef(f"node_{i}", cpuset=Numa(i)) for i in range(len(machine.nodes))))


@scenario(checks=_ISOLATED)
def overlapping(machine: TopologyView) -> Scenario:
    """Two cgroups whose cpusets share CPUs at the border."""
    parts = min(2, len(machine.usable_cpus))
    return defs(
        CgroupDef("cg_0", cpuset=Overlap(0, parts, 0.5)),
        CgroupDef("cg_1", cpuset=Overlap(parts - 1, parts, 0.5)),
    )


@scenario(duration=2.0, checks=Checks(max_gap_ms=1000))
def applied_swapped_cleared(machine: TopologyView) -> Scenario:
    """Cpusets come, change places and go while the workers run."""
    parts = min(2, len(machine.usable_cpus))
    quarter = Frac(0.25)
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0"), CgroupDef("cg_1"))),
        steps=(
            Step(hold=quarter),
            Step(
                ops=(
                    SetCpuset("cg_0", Disjoint(0, parts)),
                    SetCpuset("cg_1", Disjoint(parts - 1, parts)),
                ),
                hold=quarter,
            ),
            Step(ops=(SwapCpusets("cg_0", "cg_1"),), hold=quarter),
            Step(ops=(ClearCpuset("cg_0"), ClearCpuset("cg_1")), hold=quarter),
        ),
    )
