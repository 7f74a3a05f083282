# SPDX-License-Identifier: Apache-2.0
"""A dynamically linked scheduler, what it tells of itself, and how it may leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    CgroupDef,
    ExpectFail,
    Kind,
    Scenario,
    Step,
    TopologyView,
    defs,
    scenario,
    stat,
    test,
)

if TYPE_CHECKING:
    from ktstr import Context


def _two_steps() -> Scenario:
    return Scenario((Step(setup=(CgroupDef("cg_0"),)), Step(setup=(CgroupDef("cg_1"),), name="b")))


@scenario(
    duration=1.0,
    scheduler_args=("talk",),
    claims=(
        stat("stats.nr_cpus", step="0").equals(2),
        stat("0:stats.nr_switches").between(1, 100_000),
        stat("b:stats.queues.main.depth_avg").near(1.5, 0.001),
    ),
)
def tells_its_statistics(machine: TopologyView) -> Scenario:
    """Of each step by itself; its libraries are those of the root that it was linked in."""
    return _two_steps()


@test(scheduler_args=("talk",), claims=(stat("stats.nr_cpus").equals(2),))
def tells_a_function(ctx: Context) -> None:
    """The scenario is played by another process than that which started the scheduler."""
    ctx.run(CgroupDef("cg_0"))


@scenario(duration=0.5, scheduler_args=("mute",))
def tells_nothing(machine: TopologyView) -> Scenario:
    """A remark says so, and no claim is about it."""
    return _two_steps()


@scenario(duration=0.5, scheduler_args=("drop",))
def hangs_up(machine: TopologyView) -> Scenario:
    """What it said on another connection would be of another time."""
    return _two_steps()


@scenario(
    scheduler_args=("bail",),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_DIED, "exit status 1.*it said: the talker gives up: No space left on device"
    ),
)
def gives_up(machine: TopologyView) -> Scenario:
    """The last of its chain of causes is told."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("leave",),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_LOADED, "ended at once, without an error: it last said: nothing to sched"
    ),
)
def ends_at_once(machine: TopologyView) -> Scenario:
    """No status says why."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("wait",),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_ATTACHED,
        "it last said: waiting for CPUs that never come; .*still not attached after 20 s",
    ),
)
def never_attaches(machine: TopologyView) -> Scenario:
    """It is waited for, and told to go."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("talk", "/scheduler/of_tomorrow/of_tomorrow.bpf.o"),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_LOADED, "was not loaded: the kernel has no kfunc scx_bpf_of_tomorrow;"
    ),
)
def lacks_a_kfunc(machine: TopologyView) -> Scenario:
    """What libbpf says in its output names the cause, not the end of its chain of errors."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("newer",),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_LOADED,
        r"was not loaded: it said: sched_ext_ops\.of_tomorrow\(\) missing, kernel too old\?; "
        r".*exit status 1",
    ),
)
def needs_a_newer_kernel(machine: TopologyView) -> Scenario:
    """It sees by itself what the kernel lacks, before it loads anything."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("daemon",),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_LOADED,
        r"forked away before it was attached: it last said: talker forks away; exit status 0; "
        r"it left 1 of its processes running: talker \(.*\); have it stay in the foreground",
    ),
)
def forks_away(machine: TopologyView) -> Scenario:
    """What it has left is gone before the guest is, too."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("late",),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_DIED,
        r"ended by itself while the test ran \(exit status 0\); it left 1 of its processes",
    ),
)
def forks_away_when_attached(machine: TopologyView) -> Scenario:
    """The process that is left is the scheduler, and nobody could say how that ends."""
    return defs(CgroupDef("cg_0"))
