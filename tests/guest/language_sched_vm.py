# SPDX-License-Identifier: Apache-2.0
"""What of the scenario language needs a scheduler that the loader runs, or a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    Fixed,
    GlobalValue,
    IoSyncWrite,
    Limits,
    SetKnob,
    Step,
    Until,
    WaitFor,
    Work,
)

if TYPE_CHECKING:
    from ktstr import Context

_ANY = Checks(not_starved=False)


@ktstr.test(checks=_ANY)
def a_variable_of_the_scheduler_is_waited_for(ctx: Context) -> None:
    """What a knob sets, and what the scheduler counts."""
    played = ctx.run(
        Step(
            ops=(
                SetKnob("delay_ns", 1000),
                WaitFor(GlobalValue("delay_ns", "==", 1000), 5.0),
            ),
            hold=Until(GlobalValue("nr_delayed", ">=", 20), 5.0),
        ),
        backdrop=Backdrop((CgroupDef("cg"),)),
    )
    assert not played.scenario.error, played.scenario.error
    assert played.scenario.steps_done == 1 and not played.scenario.timeouts


@ktstr.test(checks=_ANY)
def disks_are_shared_by_weight(ctx: Context) -> None:
    """io.weight is in force, and what a cgroup reads and writes is counted."""
    work = (Work(IoSyncWrite("disk0"), workers=1),)
    played = ctx.run(
        CgroupDef("light", works=work, limits=Limits(io_weight=20)),
        CgroupDef("heavy", works=work, limits=Limits(io_weight=200)),
        hold=Fixed(0.3),
    )
    assert not played.scenario.error, played.scenario.error
    for cgroup in played.cgroups:
        assert cgroup.limits_in_force == cgroup.limits, cgroup
        assert cgroup.stats["io.stat.wbytes"] > 0, cgroup.stats
