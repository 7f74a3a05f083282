# SPDX-License-Identifier: Apache-2.0
"""Faults of //sched/faulty that nobody expects: guest_test.py looks at their replays."""

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    Exact,
    Frac,
    OfflineCpu,
    Scenario,
    SetKernel,
    SetKnob,
    Step,
    TopologyView,
    Work,
    defs,
    scenario,
)

_SECOND = 1_000_000_000
_PATIENT = ("--set", "ops.timeout_ms=30000")


def _knobs(**values: int | str) -> tuple[str, ...]:
    return tuple(arg for name, value in values.items() for arg in ("--set", f"{name}={value}"))


@scenario(
    duration=5.0, scheduler_args=(*_knobs(stall_after_ns=_SECOND), "--set", "ops.timeout_ms=1000")
)
def stalled(machine: TopologyView) -> Scenario:
    """Nothing is dispatched after a second, until the watchdog finds it."""
    return defs(CgroupDef("cg_0"))


@scenario(duration=2.0, scheduler_args=_knobs(error_after_ns=_SECOND))
def gave_up(machine: TopologyView) -> Scenario:
    """The scheduler's timer calls scx_bpf_error after a second."""
    return defs(CgroupDef("cg_0"))


@scenario(duration=2.0, scheduler_args=_knobs(error_after_ns=_SECOND))
def asked_and_gave_up(machine: TopologyView) -> Scenario:
    """The guest asks the host for something before the scheduler's timer ends it all."""
    asks = SetKernel("panic_timeout", 1)
    return Scenario((Step((CgroupDef("cg_0"),), ops=(asks,), hold=Frac(1.0)),))


@scenario(duration=1.0)
def no_hotplug(machine: TopologyView) -> Scenario:
    """A CPU goes, for which the scheduler has no callback."""
    gone = Step((CgroupDef("cg_0"),), ops=(OfflineCpu(max(machine.cpus)),), hold=Frac(1.0))
    return Scenario((gone,))


@scenario(duration=1.0)
def miscounted(machine: TopologyView) -> Scenario:
    """A runqueue counts fewer than no tasks that wait for I/O, while w0.0.0 has its CPU."""
    cpu = max(machine.cpus)
    group = CgroupDef("cg_0", cpuset=Exact(frozenset((cpu,))), works=(Work(CpuSpin(), workers=1),))
    breaks = SetKernel("runqueues.nr_iowait.counter", -1000, cpu=cpu)
    return Scenario((Step((group,), hold=Frac(0.5)), Step(ops=(breaks,), hold=Frac(0.5))))


@scenario(duration=2.0, scheduler_args=_PATIENT + _knobs(starve_comm="w0.0.1"))
def starved(machine: TopologyView) -> Scenario:
    """One worker never runs."""
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=3),)))


@scenario(duration=3.0, scheduler_args=_PATIENT, checks=Checks(max_gap_ms=500))
def stuck(machine: TopologyView) -> Scenario:
    """Nothing is dispatched for 1.5 s."""
    return Scenario(
        backdrop=Backdrop(cgroups=(CgroupDef("cg_0"),)),
        steps=(
            Step(hold=Frac(0.2)),
            Step(ops=(SetKnob("stall_after_ns", 1),), hold=Frac(0.5)),
            Step(ops=(SetKnob("stall_after_ns", 0),), hold=Frac(0.3)),
        ),
    )


def _crowd() -> Scenario:
    return defs(CgroupDef("cg_0", works=(Work(CpuSpin(), workers=4),)))


@scenario(duration=1.0, scheduler_args=_knobs(unused_from=1), checks=Checks(max_imbalance_ratio=2))
def lopsided(machine: TopologyView) -> Scenario:
    """One CPU takes no work, and the other has it all."""
    return _crowd()


@scenario(
    duration=1.0, scheduler_args=_knobs(unused_from=1), checks=Checks(max_idle_beside_wait_ms=15)
)
def idle_beside(machine: TopologyView) -> Scenario:
    """One CPU goes idle while workers wait on the other."""
    return _crowd()


@scenario(
    duration=2.0,
    scheduler_args=_knobs(delay_ns=20_000_000),
    checks=Checks(max_wake_p99_us=10_000),
)
def delayed(machine: TopologyView) -> Scenario:
    """Every woken task is held back: a threshold, which no instant belongs to."""
    work = Work(Bursty(burst_us=1_000, sleep_us=5_000), workers=1)
    return defs(CgroupDef("cg_0", works=(work,)))
