# SPDX-License-Identifier: Apache-2.0
"""A good scheduler, and what is not its doing: real-time tasks above it, and limits it has not."""

from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    CpuSpin,
    ExactCpus,
    Frac,
    Limits,
    Policy,
    Scenario,
    Step,
    TopologyView,
    Work,
    defs,
    scenario,
)

_FIRST = ExactCpus(frozenset({0}))
_HOLDER = CgroupDef(
    "holder",
    works=(Work(CpuSpin(), workers=1, policy=Policy.FIFO, rt_priority=10, affinity=_FIRST),),
)
_PINNED = CgroupDef("victim", works=(Work(CpuSpin(), workers=1, affinity=_FIRST),))


@scenario(duration=2.0, checks=Checks(max_gap_ms=500, not_starved=True))
def a_worker_has_no_other_cpu(machine: TopologyView) -> Scenario:
    """A SCHED_FIFO spinner has the one CPU that the other worker may use."""
    return defs(_HOLDER, _PINNED)


@scenario(duration=4.0, scheduler_args=("--set", "ops.timeout_ms=1000"))
def the_watchdog_sees_it(machine: TopologyView) -> Scenario:
    """The kernel's watchdog throws the scheduler out for it.

    The victim has the CPU first, so that no thread of the kernel waits there before it does.
    """
    steps = (Step(hold=Frac(0.1)), Step(setup=(_HOLDER,), hold=Frac(0.9)))
    return Scenario(steps, Backdrop(cgroups=(_PINNED,)))


@scenario(duration=1.0)
def nobody_is_left_to_the_scheduler(machine: TopologyView) -> Scenario:
    """All workers are real-time."""
    rest = Work(CpuSpin(), workers=2, policy=Policy.RR, rt_priority=1)
    return defs(CgroupDef("cg_0", works=(rest,)))


@scenario(duration=2.0)
def a_quota_is_not_kept(machine: TopologyView) -> Scenario:
    """Half a CPU is allowed, and two are there to be had."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=2),), limits=Limits(quota=0.5)))
