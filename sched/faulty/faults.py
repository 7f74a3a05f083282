# SPDX-License-Identifier: Apache-2.0
"""Every fault of //sched/faulty, caught by the check it is meant for.

These tests pass because they fail, in exactly the way that `expect_fail` says.
"""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    ExpectFail,
    Frac,
    Kind,
    Scenario,
    SetKnob,
    Step,
    TopologyView,
    Work,
    defs,
    scenario,
)

_SECOND = 1_000_000_000


def _knobs(**values: int | str) -> tuple[str, ...]:
    """Arguments of the generic loader that set global variables of the scheduler."""
    return tuple(arg for name, value in values.items() for arg in ("--set", f"{name}={value}"))


_IMPATIENT = ("--set", "ops.timeout_ms=1000")
_PATIENT = ("--set", "ops.timeout_ms=30000")


@scenario(
    duration=5.0,
    scheduler_args=_IMPATIENT + _knobs(stall_after_ns=_SECOND),
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "runnable task stall"),
)
def stall_is_ejected_by_the_watchdog(machine: TopologyView) -> Scenario:
    """Nothing is dispatched after one second: the kernel's watchdog throws the scheduler out."""
    return defs(CgroupDef("cg_0"))


@scenario(
    duration=3.0,
    scheduler_args=_PATIENT,
    checks=Checks(max_gap_ms=500),
    expect_fail=ExpectFail(Kind.STUCK, r"stuck"),
)
def stall_from_outside_leaves_tasks_stuck(machine: TopologyView) -> Scenario:
    """Switched on and off while it runs, under a patient watchdog: tasks wait, then go on."""
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0"),)),
        steps=(
            Step(hold=Frac(0.2)),
            Step(ops=(SetKnob("stall_after_ns", 1),), hold=Frac(0.5)),
            Step(ops=(SetKnob("stall_after_ns", 0),), hold=Frac(0.3)),
        ),
    )


@scenario(
    duration=2.0,
    scheduler_args=_PATIENT + _knobs(starve_comm="w0.0.1"),
    expect_fail=ExpectFail(Kind.STARVED, "cg_0"),
)
def one_task_is_starved(machine: TopologyView) -> Scenario:
    """One chosen worker never runs, while its neighbours do."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=3),)))


@scenario(
    duration=2.0,
    scheduler_args=_knobs(unused_from=2),
    checks=Checks(max_wasted_cpu_pct=20, max_spread_pct=25, max_gap_ms=500),
    expect_fail=ExpectFail(Kind.WORK_CONSERVATION, r"CPU [23] stood idle .* LLC 1: "),
)
def half_of_the_machine_stands_idle(machine: TopologyView) -> Scenario:
    """Fair and prompt on two CPUs, while the other two stand idle beside waiting tasks."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=len(machine.cpus)),)))


@scenario(
    duration=2.0,
    scheduler_args=_knobs(delay_ns=20_000_000),
    checks=Checks(max_wake_p99_us=10_000),
    expect_fail=ExpectFail(Kind.WAKE_LATENCY, "p99"),
)
def delayed_dispatch_is_felt_as_wake_latency(machine: TopologyView) -> Scenario:
    """Every woken task is held back for 20 ms."""
    work = Work(Bursty(burst_us=1_000, sleep_us=5_000), workers=1)
    return defs(CgroupDef("cg_0", works=(work,)))


@scenario(
    duration=2.0,
    scheduler_args=_knobs(scatter=1),
    checks=Checks(max_migrations_per_s=20),
    expect_fail=ExpectFail(Kind.MIGRATION, "migrations"),
)
def scattered_tasks_migrate(machine: TopologyView) -> Scenario:
    """Tasks are sent to a far CPU at every tick, though nobody disputes the one they have."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=1),)))


@scenario(
    duration=2.0,
    scheduler_args=_knobs(error_after_ns=_SECOND),
    expect_fail=ExpectFail(Kind.SCHEDULER_EJECTED, "error_after_ns=1000000000 reached"),
)
def error_ejects_with_its_text(machine: TopologyView) -> Scenario:
    """The scheduler gives up by scx_bpf_error after one second."""
    return defs(CgroupDef("cg_0"))


@scenario(
    scheduler_args=_knobs(fail_verify="true"),
    expect_fail=ExpectFail(Kind.SCHEDULER_NOT_LOADED, "not allowed"),
)
def rejected_by_the_verifier(machine: TopologyView) -> Scenario:
    """The program holds an access that the verifier cannot prove safe."""
    return defs(CgroupDef("cg_0"))


@scenario(checks=Checks(max_gap_ms=500))
def healthy_without_a_fault(machine: TopologyView) -> Scenario:
    """With every knob off the same scheduler passes: what fails above are the faults."""
    return defs(CgroupDef("cg_0"), CgroupDef("cg_1"))
