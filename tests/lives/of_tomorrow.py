# SPDX-License-Identifier: Apache-2.0
"""A scheduler that needs what the kernel does not have."""

from ktstr import CgroupDef, ExpectFail, Kind, Scenario, TopologyView, defs, scenario


@scenario(
    expect_fail=ExpectFail(
        Kind.SCHEDULER_NOT_LOADED, "was not loaded: the kernel has no kfunc scx_bpf_of_tomorrow;"
    )
)
def lacks_a_kfunc(machine: TopologyView) -> Scenario:
    """The verdict names it."""
    return defs(CgroupDef("cg_0"))
