# SPDX-License-Identifier: Apache-2.0
"""The same as subject.py, with schedulers that come and go meanwhile."""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Frac,
    FutexPingPong,
    Mixed,
    PipeIo,
    ReplaceScheduler,
    RestartScheduler,
    RunPayload,
    Scenario,
    Step,
    TopologyView,
    WaitPayload,
    Work,
    scenario,
)

_MESSAGES = ("--groups=1", "--fds=2", "--loops=50", "--pipe")


@scenario(duration=0.8)
def busy(machine: TopologyView) -> Scenario:
    """Workers and messages, a scheduler that is replaced, and one that starts anew."""
    works = (
        Work(Bursty(burst_us=3_000, sleep_us=2_000), workers=2),
        Work(FutexPingPong(), workers=2),
        Work(PipeIo(), workers=2),
    )
    messages = RunPayload("hackbench", args=_MESSAGES, cgroup="load")
    late = CgroupDef("late", works=(Work(Mixed(), workers=4),))
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0", works=works), CgroupDef("load", works=None))),
        steps=(
            Step(ops=(messages, WaitPayload("hackbench")), hold=Frac(0.3)),
            Step(setup=(late,), ops=(ReplaceScheduler("scx_simple"),), hold=Frac(0.3)),
            Step(ops=(ReplaceScheduler(), RestartScheduler()), hold=Frac(0.3)),
        ),
    )
