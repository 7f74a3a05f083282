# SPDX-License-Identifier: Apache-2.0
"""A scheduler that the kernel throws out: first_cause_test.py looks at the snapshot of that."""

from ktstr import CgroupDef, ExpectFail, Kind, Scenario, TopologyView, defs, scenario


@scenario(
    duration=5.0,
    scheduler_args=("--set", "ops.timeout_ms=1000", "--set", "stall_after_ns=1000000000"),
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "runnable task stall"),
)
def nothing_is_dispatched(machine: TopologyView) -> Scenario:
    """After a second tasks stay in the scheduler's DSQ, until the watchdog finds them there."""
    return defs(CgroupDef("cg_0"))
