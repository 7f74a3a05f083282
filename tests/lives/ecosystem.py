# SPDX-License-Identifier: Apache-2.0
"""A scheduler written as the kernel's own are: it loads, is asked, and says how it ended."""

from ktstr import (
    Backdrop,
    CgroupDef,
    ExpectFail,
    Fixed,
    GlobalValue,
    Kind,
    Scenario,
    Step,
    TopologyView,
    Until,
    defs,
    scenario,
)

_SLICE_DFL_NS = 20_000_000


@scenario()
def is_told_the_kernels_constants(machine: TopologyView) -> Scenario:
    """The loader does what its own user space would have done."""
    told = GlobalValue("slice_told", "==", _SLICE_DFL_NS)
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0"),)),
        steps=(Step(hold=Until(told, timeout=5.0)), Step(hold=Fixed(0.5))),
    )


@scenario(
    duration=2.0,
    scheduler_args=("--set", "give_up_after_ns=500000000"),
    expect_fail=ExpectFail(
        Kind.SCHEDULER_EJECTED, r"scx_bpf_error: gave up after 500000000 ns \(exit kind ERROR_BPF\)"
    ),
)
def tells_why_it_gave_up(machine: TopologyView) -> Scenario:
    """The exit record is the variable of UEI_DEFINE."""
    return defs(CgroupDef("cg_0"))
