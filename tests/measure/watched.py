# SPDX-License-Identifier: Apache-2.0
"""Guests for witness_test.py, which reads what their witness saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    CgroupDef,
    CpuSpin,
    Limits,
    Policy,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
    test,
)

if TYPE_CHECKING:
    from ktstr import Context

_PARTIAL = ("--set", "ops.flags=8")
_UNUSED = ("--set", "unused_from=2")


def _spinners(count: int) -> CgroupDef:
    return CgroupDef("cg", works=(Work(CpuSpin(), workers=count),))


@scenario(duration=1.0)
def crowd(machine: TopologyView) -> Scenario:
    """Three spinners for two CPUs."""
    return defs(_spinners(len(machine.cpus) * 3 // 2))


@test(duration=0.5)
def in_a_function(ctx: Context) -> None:
    """The same, twice, from a process of its own."""
    for _ in range(2):
        ctx.run(_spinners(len(ctx.topology.cpus)))


@scenario(duration=1.0)
def throttled(machine: TopologyView) -> Scenario:
    """Spinners that the kernel keeps off the CPUs half of the time."""
    limits = Limits(quota=len(machine.cpus) / 2)
    work = Work(CpuSpin(), workers=len(machine.cpus) + 1)
    return defs(CgroupDef("cg", limits=limits, works=(work,)))


@scenario(duration=1.0)
def held(machine: TopologyView) -> Scenario:
    """One of the spinners is above all schedulers."""
    above = Work(CpuSpin(), workers=1, policy=Policy.FIFO, rt_priority=5)
    return defs(CgroupDef("cg", works=(above, Work(CpuSpin(), workers=1))))


@scenario(duration=1.0, scheduler_args=_PARTIAL)
def partial(machine: TopologyView) -> Scenario:
    """A scheduler that takes those only who ask for it (SCX_OPS_SWITCH_PARTIAL)."""
    return defs(_spinners(len(machine.cpus)))


@scenario(duration=1.0, scheduler_args=_UNUSED)
def unused(machine: TopologyView) -> Scenario:
    """A scheduler that never uses CPUs 2 and 3."""
    return defs(_spinners(len(machine.cpus)))
