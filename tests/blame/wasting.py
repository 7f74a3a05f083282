# SPDX-License-Identifier: Apache-2.0
"""//sched/faulty leaves all CPUs but the first idle: seen however short turns are."""

from ktstr import (
    CgroupDef,
    Checks,
    CpuSpin,
    ExpectFail,
    FutexPingPong,
    Kind,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
)

_CHECKS = Checks(max_wasted_cpu_pct=50, not_starved=False)
_WASTED = ExpectFail(Kind.WORK_CONSERVATION)


@scenario(duration=2.0, checks=_CHECKS, expect_fail=_WASTED)
def pairs(machine: TopologyView) -> Scenario:
    """Of two pairs somebody waits at any time, for microseconds."""
    return defs(CgroupDef("cg_0", works=(Work(FutexPingPong(), workers=4),)))


@scenario(
    duration=2.0,
    checks=_CHECKS,
    expect_fail=_WASTED,
    scheduler_args=("--set", "slice_ns=1000000"),
)
def short_slices(machine: TopologyView) -> Scenario:
    """Two spinners take turns of 1 ms, each less than the witness's period."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=2),)))
