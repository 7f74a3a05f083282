# SPDX-License-Identifier: Apache-2.0
"""Hotplug: CPUs come and go under load, for schedulers with cpu_online and cpu_offline."""

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
    Needs,
    OfflineCpu,
    OnlineCpu,
    PipeIo,
    Scenario,
    Step,
    TopologyView,
    Work,
    scenario,
    scenarios,
)

_FREE = Checks(max_gap_ms=1000)
_TWO = Needs(cpus=2)


def _others(machine: TopologyView) -> list[int]:
    """All CPUs but the one that stays."""
    return sorted(machine.cpus)[1:]


@scenario(duration=1.5, checks=_FREE, needs=_TWO)
def one_goes_and_comes_back(machine: TopologyView) -> Scenario:
    """The last CPU is away for the second third, with a spinner for every CPU."""
    last = OfflineCpu(_others(machine)[-1])
    third = Frac(1 / 3)
    return Scenario(
        backdrop=Backdrop(cgroups=scenarios.alike(2)),
        steps=(Step(hold=third), Step(ops=(last,), hold=third), Step(hold=third)),
    )


@scenario(duration=2.0, checks=_FREE, needs=_TWO)
def over_and_over(machine: TopologyView) -> Scenario:
    """A CPU goes and comes back at once, five times a second."""
    cpu = _others(machine)[0]
    works = (Work(CpuSpin(), workers=2), Work(PipeIo(), workers=2))
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("load", works=works),)),
        steps=(Step(ops=(OfflineCpu(cpu), OnlineCpu(cpu)), hold=Loop(0.2)),),
    )


@scenario(duration=1.5, checks=_FREE, needs=_TWO)
def one_is_left(machine: TopologyView) -> Scenario:
    """All work of the machine comes to one CPU, and spreads out again."""
    half = Frac(1 / 2)
    works = (Work(CpuSpin(), workers=2), Work(Bursty(burst_us=1_000, sleep_us=2_000), workers=2))
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("load", works=works),)),
        steps=(
            Step(ops=tuple(map(OfflineCpu, _others(machine))), hold=half, name="one"),
            Step(hold=half, name="all"),
        ),
    )


@scenario(duration=1.5, checks=Checks(isolation=True, max_gap_ms=1000), needs=Needs(cpus=4))
def cpusets_keep_one(machine: TopologyView) -> Scenario:
    """Each of two cgroups loses one of its two CPUs, and none of its workers strays."""
    a, b, c, d = sorted(machine.cpus)[:4]
    works = (Work(CpuSpin(), workers=2),)
    cgroups = (
        CgroupDef("left", Exact(frozenset({a, b})), works),
        CgroupDef("right", Exact(frozenset({c, d})), works),
    )
    return Scenario(
        backdrop=Backdrop(cgroups=cgroups),
        steps=(
            Step(hold=Fixed(0.5)),
            Step(ops=(OfflineCpu(b), OfflineCpu(c)), hold=Fixed(0.5)),
            Step(hold=Fixed(0.5)),
        ),
    )
