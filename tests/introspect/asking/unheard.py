# SPDX-License-Identifier: Apache-2.0
"""Guests that ask what nobody answers, and what nobody can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    CgroupDef,
    Fixed,
    MapValue,
    Scenario,
    SetKernel,
    Step,
    TopologyView,
    WaitFor,
    it,
    scenario,
    test,
)

if TYPE_CHECKING:
    from ktstr import Context


@test()
def asks(ctx: Context) -> None:
    """A number of the kernel's."""
    ctx.claim("jiffies", ctx.kernel.read("jiffies")).above(0)


@scenario(duration=0.5)
def sets(machine: TopologyView) -> Scenario:
    """A variable that each kernel has."""
    del machine
    step = Step((CgroupDef("cg_0"),), ops=(SetKernel("panic_timeout", 1),), hold=Fixed(0.2))
    return Scenario((step,))


@scenario(duration=0.5)
def sets_what_there_is_not(machine: TopologyView) -> Scenario:
    """A misspelt variable."""
    del machine
    step = Step((CgroupDef("cg_0"),), ops=(SetKernel("panic_timeouts", 1),), hold=Fixed(0.2))
    return Scenario((step,))


@scenario(duration=0.5)
def waits_for_what_there_is_not(machine: TopologyView) -> Scenario:
    """A misspelt map."""
    del machine
    wait = WaitFor(MapValue("timerz", 0, "", it.equals(1)), 0.2)
    return Scenario((Step((CgroupDef("cg_0"),), ops=(wait,), hold=Fixed(0.2)),))
