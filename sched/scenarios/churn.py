# SPDX-License-Identifier: Apache-2.0
"""Churn: cgroups and workers come, move and go while others run."""

from ktstr import (
    AddCgroup,
    Backdrop,
    CgroupDef,
    Checks,
    CpuSpin,
    Frac,
    Loop,
    MoveAllTasks,
    RemoveCgroup,
    Scenario,
    Spawn,
    Step,
    StopCgroup,
    TopologyView,
    Work,
    scenario,
)


@scenario(duration=1.5, checks=Checks(max_gap_ms=1000))
def cgroup_added_and_removed(machine: TopologyView) -> Scenario:
    """A third cgroup appears for the middle of the run; its workers' reports are kept."""
    third = Frac(1 / 3)
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0"), CgroupDef("cg_1"))),
        steps=(Step(hold=third), Step(setup=(CgroupDef("late"),), hold=third), Step(hold=third)),
    )


@scenario(checks=Checks(max_gap_ms=1000))
def empty_cgroups_in_rapid_turns(machine: TopologyView) -> Scenario:
    """An empty cgroup is made and removed every 50 ms beside a loaded one."""
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0"),)),
        steps=(Step(ops=(AddCgroup("ephemeral"), RemoveCgroup("ephemeral")), hold=Loop(0.05)),),
    )


@scenario(checks=Checks(max_gap_ms=1000))
def tasks_moved(machine: TopologyView) -> Scenario:
    """Running workers change their cgroup, then one group is stopped."""
    work = Work(CpuSpin(), workers=1)
    return Scenario(
        backdrop=Backdrop(
            cgroups=(CgroupDef("here", works=None), CgroupDef("there", works=None)),
            ops=(Spawn("here", work),),
        ),
        steps=(
            Step(hold=Frac(0.3)),
            Step(ops=(MoveAllTasks("here", "there"),), hold=Frac(0.4)),
            Step(ops=(StopCgroup("there"),), hold=Frac(0.3)),
        ),
    )
