# SPDX-License-Identifier: Apache-2.0
"""A scheduler that stops serving its queue: CPUs go idle beside tasks that nobody runs."""

from ktstr import (
    Backdrop,
    CgroupDef,
    Checks,
    ExpectFail,
    Frac,
    Kind,
    Scenario,
    SetKnob,
    Step,
    TopologyView,
    Work,
    scenario,
)

_PATIENT = ("--set", "ops.timeout_ms=30000")
_CHECKS = Checks(not_starved=False, max_idle_beside_wait_ms=300)


def _two(stall_after_ns: int) -> Scenario:
    """Two spinners, and for half of the time the scheduler as it is told to be."""
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0", works=(Work(workers=2),)),)),
        steps=(
            Step(hold=Frac(0.2)),
            Step(ops=(SetKnob("stall_after_ns", stall_after_ns),), hold=Frac(0.5)),
            Step(ops=(SetKnob("stall_after_ns", 0),), hold=Frac(0.3)),
        ),
    )


@scenario(
    duration=2.0,
    checks=_CHECKS,
    scheduler_args=_PATIENT,
    expect_fail=ExpectFail(
        Kind.IDLE_BESIDE_WAIT, r"CPU \d went idle .* while w0\.0\.\d\[\d+\], which may run there"
    ),
)
def stranded_tasks(machine: TopologyView) -> Scenario:
    """Nothing is dispatched for a second, and CPUs sleep beside their tasks."""
    return _two(1)


@scenario(duration=2.0, checks=_CHECKS, scheduler_args=_PATIENT)
def served_tasks(machine: TopologyView) -> Scenario:
    """The same without the fault."""
    return _two(0)
