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
    ExpectFail,
    Fixed,
    Kind,
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


@scenario(
    duration=4.0,
    expect_fail=ExpectFail(Kind.RELATIVE, "not_worse_than.*times as bad as EEVDF"),
)
def whoever_wakes_waits_for_a_slice_to_end(machine: TopologyView) -> Scenario:
    """Without preemption at wake-ups a sleeper beside spinners waits until a tick ends a slice."""
    sleeper = Work(Bursty(burst_us=200, sleep_us=2_000), workers=2)
    spinners = Work(CpuSpin(), workers=len(machine.cpus))
    return compare(
        CgroupDef("cg_0", works=(spinners, sleeper)),
        claims=(not_worse_than("wake_p99_us", 1.1),),
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
