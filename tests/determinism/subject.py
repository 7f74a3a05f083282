# SPDX-License-Identifier: Apache-2.0
"""A scenario with everything that could differ: sleeps, wake-ups, migrations, cgroups that come."""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Frac,
    FutexPingPong,
    Mixed,
    PipeIo,
    Scenario,
    Step,
    TopologyView,
    Work,
    scenario,
)


@scenario(duration=0.8)
def busy(machine: TopologyView) -> Scenario:
    """Workers of five types, more than there are CPUs, and a cgroup that appears half-way."""
    works = (
        Work(Bursty(burst_us=3_000, sleep_us=2_000), workers=2),
        Work(FutexPingPong(), workers=2),
        Work(PipeIo(), workers=2),
    )
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0", works=works),)),
        steps=(
            Step(hold=Frac(0.5)),
            Step(setup=(CgroupDef("late", works=(Work(Mixed(), workers=4),)),), hold=Frac(0.5)),
        ),
    )
