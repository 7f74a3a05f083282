# SPDX-License-Identifier: Apache-2.0
"""Schedulers that come and go under load, and a comparison with EEVDF."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    AttachScheduler,
    Backdrop,
    Bursty,
    CgroupDef,
    CpuSpin,
    DetachScheduler,
    ExpectFail,
    Fixed,
    Frac,
    GlobalValue,
    Kind,
    Loop,
    PipeIo,
    ReplaceScheduler,
    RestartScheduler,
    Scenario,
    SetKnob,
    Step,
    TopologyView,
    Until,
    Work,
    compare,
    not_worse_than,
)

if TYPE_CHECKING:
    from ktstr import Context

_LOAD = Backdrop(
    cgroups=(
        CgroupDef(
            "load",
            works=(
                Work(CpuSpin(), workers=2),
                Work(Bursty(burst_us=1_000, sleep_us=2_000), workers=2),
            ),
        ),
    )
)
_SCHED_EXT = Path("/sys/kernel/sched_ext")


@ktstr.scenario(duration=1.0)
def one_after_the_other_under_load(machine: TopologyView) -> Scenario:
    """Workers that live through it all see four attachments, of two schedulers."""
    changes = (
        ReplaceScheduler("scx_simple"),
        RestartScheduler(),
        DetachScheduler(),
        AttachScheduler(),
    )
    return Scenario(
        backdrop=_LOAD,
        steps=(
            Step(hold=Frac(0.2)),
            *(Step(ops=(change,), hold=Frac(0.2)) for change in changes),
        ),
    )


@ktstr.scenario(duration=1.0)
def restarted_over_and_over_under_load(machine: TopologyView) -> Scenario:
    """Every tenth of a second a new life begins."""
    return Scenario(
        backdrop=_LOAD, steps=(Step(ops=(RestartScheduler(),), hold=Loop(interval=0.1)),)
    )


@ktstr.scenario(
    duration=5.0, expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "error_after_ns=1 reached")
)
def a_replacement_that_is_ejected_fails(machine: TopologyView) -> Scenario:
    """The second scheduler gives up; that the first one was well does not help."""
    ops = (ReplaceScheduler("faulty"), SetKnob("error_after_ns", 1))
    return Scenario(backdrop=_LOAD, steps=(Step(ops=ops),))


@ktstr.test(expect_fail=ExpectFail(Kind.SCHEDULER_DIED, "killed by SIGKILL"))
def dying_while_attached_fails(ctx: Context) -> None:
    """What nobody told to go must not go."""
    for process in Path("/proc").glob("[0-9]*"):
        if (process / "comm").read_text() == "scx-loader\n":
            os.kill(int(process.name), signal.SIGKILL)
    played = ctx.run(Step(hold=Fixed(5.0)), backdrop=_LOAD)
    assert "no longer attached" in played.scenario.stopped_because, played.scenario


@ktstr.test()
def a_function_brings_them_in_and_takes_them_away(ctx: Context) -> None:
    """While none is attached nothing is wrong, whatever had become of the last one."""
    ctx.run(Step(ops=(DetachScheduler(),), hold=Fixed(0.2)), backdrop=_LOAD)
    assert (_SCHED_EXT / "state").read_text() == "disabled\n"
    refused = ctx.run(Step(ops=(AttachScheduler("faulty"),), hold=Fixed(0.2)), backdrop=_LOAD)
    assert not refused.scenario.error, refused.scenario
    assert (_SCHED_EXT / "root/ops").read_text() == "faulty\n"
    ctx.run(
        Step(
            ops=(ReplaceScheduler(),),
            hold=Until(GlobalValue("nr_shared", ">=", 20), timeout=5.0),
        ),
        backdrop=_LOAD,
    )
    assert (_SCHED_EXT / "root/ops").read_text() == "fifo\n"


@ktstr.scenario(duration=2.0)
def fifo_is_not_much_worse_than_eevdf(machine: TopologyView) -> Scenario:
    """Pairs that wake each other, with CPUs for all."""
    return compare(
        CgroupDef("pairs", works=(Work(PipeIo(), workers=2),)),
        claims=(not_worse_than("iterations_per_s", 2), not_worse_than("wake_p50_us", 3)),
    )
