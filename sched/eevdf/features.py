# SPDX-License-Identifier: Apache-2.0
"""EEVDF without a feature of its own, switched by commands, against EEVDF as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    AttachScheduler,
    Bursty,
    CgroupDef,
    CpuSpin,
    DetachScheduler,
    Fixed,
    Scenario,
    Step,
    TopologyView,
    Work,
    compare,
    not_worse_than,
    scenario,
    test,
)

if TYPE_CHECKING:
    from ktstr import Context

_FEATURES = "/sys/kernel/debug/sched/features"


@scenario(duration=4.0)
def it_is_compared_with_eevdf_in_one_boot(machine: TopologyView) -> Scenario:
    """Sleepers beside spinners, with and without: the commands are carried out for each leg."""
    sleeper = Work(Bursty(burst_us=200, sleep_us=2_000), workers=2)
    spinners = Work(CpuSpin(), workers=len(machine.cpus))
    return compare(
        CgroupDef("cg_0", works=(spinners, sleeper)),
        claims=(not_worse_than("wake_p99_us", 3.0),),
        repeats=4,
    )


@test(duration=1.0)
def the_commands_are_carried_out(ctx: Context) -> None:
    """On at the beginning, off while it is detached, and on again: the kernel's file says so."""
    seen = []

    def look() -> None:
        with open(_FEATURES, encoding="ascii") as file:
            seen.append("NO_WAKEUP_PREEMPTION" in file.read().split())

    look()
    ctx.run(Step(ops=(DetachScheduler(),), setup=(CgroupDef("cg_0"),), hold=Fixed(0.1)))
    look()
    ctx.run(Step(ops=(AttachScheduler(),), setup=(CgroupDef("cg_0"),), hold=Fixed(0.1)))
    look()
    assert seen == [True, False, True], seen
