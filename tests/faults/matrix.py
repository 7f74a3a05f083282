# SPDX-License-Identifier: Apache-2.0
"""Every fault under every load: no test of this page but those of `none` may pass.

The checks are the same everywhere, as an author has them who does not know which fault is there.
`//tests/faults:matrix` plays it on several machines and tells what came of it (docs/faults.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    Exact,
    Frac,
    FutexPingPong,
    Needs,
    OfflineCpu,
    RemoveCgroup,
    Scenario,
    Step,
    TopologyView,
    Work,
    scenario,
)

_MS = 1_000_000
_DURATION_S = 3.0
CHECKS = Checks(
    max_gap_ms=400,
    # a crowd's turns of 20 ms come before a task that wakes up, two for each CPU
    max_wake_p99_us=100_000,
    max_migrations_per_s=45,
    max_wasted_cpu_pct=15,
)
# SCX_OPS_SWITCH_PARTIAL, include/linux/sched/ext.h
_SWITCH_PARTIAL = 8


@dataclass(frozen=True)
class Unseen:
    """On a machine with fewer CPUs than `cpus` a fault has no effect under a load: `why`."""

    cpus: int
    why: str


@dataclass(frozen=True)
class Fault:
    """knobs: of //sched/faulty.  offline: a CPU goes, for which it has no callback.

    unseen: by the loads under which there are machines where nobody could see it.
    """

    knobs: Mapping[str, int | str] = field(default_factory=dict)
    offline: bool = False
    unseen: Mapping[str, Unseen] = field(default_factory=dict)


FAULTS = {
    "none": Fault(),
    "stall": Fault({"stall_after_ns": 400 * _MS, "ops.timeout_ms": 1000}),
    "stall_unwatched": Fault({"stall_after_ns": 400 * _MS, "ops.timeout_ms": 30_000}),
    "starve": Fault({"starve_comm": "w0.0.0", "ops.timeout_ms": 30_000}),
    "delay": Fault({"delay_ns": 150 * _MS}),
    "scatter": Fault(
        {"scatter": "true"},
        unseen={"halves": Unseen(3, "each half is one CPU, and there is no other to go to")},
    ),
    "error": Fault({"error_after_ns": 400 * _MS}),
    "fail_verify": Fault({"fail_verify": "true"}),
    "partial": Fault({"stall_after_ns": 1, "ops.timeout_ms": 1000, "ops.flags": _SWITCH_PARTIAL}),
    # all CPUs but the first
    "unused": Fault(
        {"unused_from": 1},
        unseen={
            "halves": Unseen(3, "each half is one CPU, and who may use the first has no other"),
            "pairs": Unseen(3, "of one pair only one can run at a time"),
        },
    ),
    "no_hotplug": Fault(offline=True),
}


# In each cgroup that spins, so that there is always somebody to be woken up.
_SLEEPER = Work(Bursty(burst_us=1_000, sleep_us=20_000), workers=1)


def _spinners(machine: TopologyView) -> tuple[CgroupDef, ...]:
    return (CgroupDef("cg_0", works=(Work(CpuSpin(), workers=len(machine.cpus)), _SLEEPER)),)


def _crowd(machine: TopologyView) -> tuple[CgroupDef, ...]:
    return (CgroupDef("cg_0", works=(Work(CpuSpin(), workers=2 * len(machine.cpus)), _SLEEPER)),)


def _sleepers(machine: TopologyView) -> tuple[CgroupDef, ...]:
    # more than one CPU can do
    work = Work(Bursty(burst_us=4_000, sleep_us=8_000), workers=max(4, len(machine.cpus)))
    return (CgroupDef("cg_0", works=(work,)),)


def _pairs(machine: TopologyView) -> tuple[CgroupDef, ...]:
    work = Work(FutexPingPong(), workers=len(machine.cpus))
    return (CgroupDef("cg_0", works=(work,)),)


def _halves(machine: TopologyView) -> tuple[CgroupDef, ...]:
    cpus = sorted(machine.cpus)
    halves = cpus[: len(cpus) // 2], cpus[len(cpus) // 2 :]
    works = (Work(CpuSpin(), workers=len(cpus)), _SLEEPER)
    return tuple(
        CgroupDef(f"cg_{i}", cpuset=Exact(frozenset(half)), works=works)
        for i, half in enumerate(halves)
    )


LOADS = {
    "spinners": _spinners,
    "crowd": _crowd,
    "sleepers": _sleepers,
    "pairs": _pairs,
    "halves": _halves,
    "churn": _crowd,
}


def steps(load: str, machine: TopologyView, *, offline: bool) -> tuple[Step, ...]:
    """The steps of a load, in which the last CPU goes if `offline`."""
    gone = (OfflineCpu(max(machine.cpus)),) if offline else ()
    if load == "churn":
        coming = CgroupDef("cg_1", works=(Work(CpuSpin(), workers=1),))
        return (
            Step(hold=Frac(0.3)),
            Step(ops=gone, setup=(coming,), hold=Frac(0.2)),
            Step(hold=Frac(0.2)),
            Step(ops=(RemoveCgroup("cg_0"),), setup=(coming,), hold=Frac(0.3)),
        )
    return (
        (Step(hold=Frac(0.4)), Step(ops=gone, hold=Frac(0.6))) if gone else (Step(hold=Frac(1.0)),)
    )


def _declare(name: str, fault: Fault, load: str) -> Callable[[TopologyView], Scenario]:
    def play(machine: TopologyView) -> Scenario:
        backdrop = Backdrop(cgroups=LOADS[load](machine))
        return Scenario(backdrop=backdrop, steps=steps(load, machine, offline=fault.offline))

    play.__name__, play.__module__ = f"{name}__{load}", __name__
    return scenario(
        duration=_DURATION_S,
        checks=CHECKS,
        needs=Needs(cpus=fault.unseen[load].cpus) if load in fault.unseen else Needs(),
        scheduler_args=tuple(
            part for knob, value in fault.knobs.items() for part in ("--set", f"{knob}={value}")
        ),
    )(play)


for _name, _fault in FAULTS.items():
    for _load in LOADS:
        globals()[f"{_name}__{_load}"] = _declare(_name, _fault, _load)
