# SPDX-License-Identifier: Apache-2.0
"""What becomes of schedulers when CPUs come and go: one that copes, and some that do not."""

from __future__ import annotations

import select
import time
from pathlib import Path
from typing import TYPE_CHECKING

import ktstr
from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    ExpectFail,
    Fixed,
    GlobalValue,
    Kind,
    OfflineCpu,
    OnlineCpu,
    ReplaceScheduler,
    Scenario,
    Step,
    TopologyView,
    Until,
    WaitFor,
)

if TYPE_CHECKING:
    from ktstr import Context

_LOAD = Backdrop((CgroupDef("load"),))
_STATE = Path("/sys/kernel/sched_ext/state")
_GOES = "unregistered from the main kernel: cpu 1 going offline, exiting scheduler"


def _await_enabled() -> None:
    from ktstr.guest.system.sched_ext import Uevents  # the host has no guest's modules

    uevents, changed = Uevents(), select.poll()
    changed.register(uevents.descriptor, select.POLLIN)
    ends_at = time.monotonic() + 5
    while _STATE.read_text() != "enabled\n" and time.monotonic() < ends_at:
        changed.poll(100)
        uevents.drain()
    uevents.close()


@ktstr.scenario()
def one_with_callbacks_copes(machine: TopologyView) -> Scenario:
    """Its callbacks are called, once for each CPU that goes and that comes."""
    went = WaitFor(GlobalValue("nr_offline", "==", 2), 5.0)
    step = Step(
        ops=(OfflineCpu(1), OfflineCpu(3), went, OnlineCpu(1)),
        hold=Until(GlobalValue("nr_online", "==", 1), 5.0),
    )
    return Scenario((step,), _LOAD)


@ktstr.scenario(
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, f"scheduler fifo .*{_GOES}"),
)
def one_without_is_thrown_out(machine: TopologyView) -> Scenario:
    """The verdict has the kernel's own words."""
    step = Step(ops=(ReplaceScheduler("fifo"), OfflineCpu(1)), hold=Fixed(1.0))
    return Scenario((step,), _LOAD)


@ktstr.test(
    checks=Checks(not_starved=False),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_EJECTED, f"scheduler scx_simple .*{_GOES}.*; it came back by itself"
    ),
)
def one_that_starts_again_by_itself_was_thrown_out(ctx: Context) -> None:
    """That it is attached in the end does not hide it, nor that its work was done."""
    ctx.run(Step(ops=(ReplaceScheduler("scx_simple"),), hold=Fixed(0.2)), backdrop=_LOAD)
    ctx.offline_cpu(1)
    ctx.run(Step(hold=Fixed(0.2)), backdrop=_LOAD)
    _await_enabled()
    played = ctx.run(Step(hold=Fixed(0.2)), backdrop=_LOAD)
    assert not played.scenario.stopped_because, played.scenario
