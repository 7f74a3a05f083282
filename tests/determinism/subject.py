# SPDX-License-Identifier: Apache-2.0
"""A scenario with all that could differ: sleeps, wake-ups, migrations, cgroups, a payload."""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Frac,
    FutexPingPong,
    Mixed,
    PipeIo,
    RunPayload,
    Scenario,
    Step,
    TopologyView,
    WaitPayload,
    Work,
    scenario,
)

# what takes a number must not come last: hackbench refuses it then
_MESSAGES = ("--groups=1", "--fds=2", "--loops=50", "--pipe")


@scenario(duration=0.8)
def busy(machine: TopologyView) -> Scenario:
    """Workers of five types, more than there are CPUs, messages, a cgroup that appears half-way."""
    works = (
        Work(Bursty(burst_us=3_000, sleep_us=2_000), workers=2),
        Work(FutexPingPong(), workers=2),
        Work(PipeIo(), workers=2),
    )
    messages = RunPayload("hackbench", args=_MESSAGES, cgroup="load")
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0", works=works), CgroupDef("load", works=None))),
        steps=(
            Step(ops=(messages, WaitPayload("hackbench")), hold=Frac(0.5)),
            Step(setup=(CgroupDef("late", works=(Work(Mixed(), workers=4),)),), hold=Frac(0.5)),
        ),
    )
