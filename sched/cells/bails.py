# SPDX-License-Identifier: Apache-2.0
"""A scheduler whose main loop gives up; the test passes because it fails so."""

from ktstr import (
    CgroupDef,
    CpuSpin,
    Exact,
    ExpectFail,
    Kind,
    Scenario,
    TopologyView,
    Work,
    defs,
    scenario,
)


@scenario(
    duration=2.0,
    expect_fail=ExpectFail(Kind.SCHEDULER_DIED, r"exit status 1.*cell 0 has no CPUs"),
)
def it_bails_out_when_cpusets_cover_all_cpus(machine: TopologyView) -> Scenario:
    """The failure is the scheduler's, and the message has its last words."""
    half = len(machine.cpus) // 2
    spinner = (Work(CpuSpin(), workers=1),)
    return defs(
        CgroupDef("alpha", Exact(frozenset(range(half))), works=spinner),
        CgroupDef("beta", Exact(frozenset(range(half, 2 * half))), works=spinner),
    )
