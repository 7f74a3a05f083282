# SPDX-License-Identifier: Apache-2.0
"""A scheduler whose user space dies by a signal."""

from ktstr import CgroupDef, ExpectFail, Kind, Scenario, TopologyView, defs, scenario


@scenario(
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_LOADED,
        r"reading the configuration; the kernel's log says: .*segfault at 0 .*killed by SIGSEGV",
    )
)
def by_a_null_pointer(machine: TopologyView) -> Scenario:
    """The kernel's log says where."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=("40",),
    expect_fail=ExpectFail(Kind.SCHEDULER_NOT_LOADED, r"killed by SIGRTMIN\+6"),
)
def by_a_real_time_signal(machine: TopologyView) -> Scenario:
    """These have no name of their own."""
    return defs(CgroupDef("cg_0"))
