# SPDX-License-Identifier: Apache-2.0
"""A scheduler that takes only who asks for it (SCX_OPS_SWITCH_PARTIAL, 8), and runs nobody."""

from ktstr import (
    CgroupDef,
    CpuSpin,
    ExpectFail,
    Kind,
    Policy,
    Scenario,
    TopologyView,
    Work,
    compare,
    defs,
    not_worse_than,
    scenario,
)

_DEAD = (
    *("--set", "stall_after_ns=1"),
    *("--set", "ops.timeout_ms=1000"),
    *("--set", "ops.flags=8"),
)


@scenario(duration=1.0, scheduler_args=_DEAD)
def nobody_asks_for_it(machine: TopologyView) -> Scenario:
    """All of them are EEVDF's."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=3),)))


@scenario(
    duration=3.0,
    scheduler_args=_DEAD,
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "stall"),
)
def they_ask_for_it(machine: TopologyView) -> Scenario:
    """The same workers under it stall."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=3, policy=Policy.EXT),)))


@scenario(duration=2.0, scheduler_args=_DEAD)
def compared(machine: TopologyView) -> Scenario:
    """EEVDF against itself."""
    return compare(
        CgroupDef("cg_0", works=(Work(CpuSpin(), workers=3),)),
        claims=(not_worse_than("work_per_s", 1.5),),
        repeats=2,
    )
