# SPDX-License-Identifier: Apache-2.0
"""Faults of //sched/faulty in real time: guest_test.py looks at the second runs' pages."""

from ktstr import CgroupDef, CpuSpin, Scenario, TopologyView, Work, defs, scenario

_KNOBS = ("--set", "ops.timeout_ms=30000", "--set", "starve_comm=w0.0.1")


@scenario(duration=2.0, scheduler_args=_KNOBS)
def starved(machine: TopologyView) -> Scenario:
    """One worker never runs."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=3),)))


@scenario(
    duration=5.0,
    scheduler_args=("--set", "stall_after_ns=1000000000", "--set", "ops.timeout_ms=2000"),
)
def stalled(machine: TopologyView) -> Scenario:
    """Nothing is dispatched after a second, until the watchdog finds it."""
    return defs(CgroupDef("cg_0"))
