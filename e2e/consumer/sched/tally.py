# SPDX-License-Identifier: Apache-2.0
"""A program of ours reads a disk of ours beside a spinner."""

from ktstr import (
    AddCgroup,
    Backdrop,
    CgroupDef,
    CpuSpin,
    Fixed,
    RunPayload,
    Scenario,
    Step,
    TopologyView,
    WaitPayload,
    Work,
    metric,
    scenario,
)


@scenario()
def words(machine: TopologyView) -> Scenario:
    """It counts the words of the disk's file."""
    run = RunPayload(
        "tally", args=("/mnt/disk0/words.txt",), checks=(metric.Min("words", 4),), cgroup="tally"
    )
    return Scenario(
        backdrop=Backdrop(
            cgroups=(CgroupDef("spinners", works=(Work(CpuSpin(), workers=1),)),),
            ops=(AddCgroup("tally"),),
        ),
        steps=(Step(ops=(run, WaitPayload("tally", timeout=10)), hold=Fixed(0.1)),),
    )
