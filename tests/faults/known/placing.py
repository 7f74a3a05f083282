# SPDX-License-Identifier: Apache-2.0
"""Faults of where tasks are put, when they run, and how they are balanced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr import (
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    ExpectFail,
    Frac,
    Kind,
    Loop,
    Policy,
    Scenario,
    SetCpuset,
    Step,
    Work,
)
from tests.faults.known.fault import Fault, declare
from tests.faults.known.loads import ONE, cpus, naps, spins

if TYPE_CHECKING:
    from ktstr import Context


def _idle_beside_normal(ctx: Context) -> None:
    spinner = Work(CpuSpin(), workers=1, policy=Policy.IDLE)
    sleeper = Work(Bursty(burst_us=500, sleep_us=5_000), workers=1)
    ctx.run(CgroupDef("cg", ONE, works=(spinner, sleeper)))


def _confined(ctx: Context) -> None:
    ctx.run(spins("left", 5, cpus(0, 1)), naps("right", 1_000, 3_000))


def _spread(ctx: Context) -> None:
    ctx.run(
        Scenario(
            backdrop=Backdrop(cgroups=(spins("cg", 3),)),
            steps=(
                Step(hold=Frac(0.2)),
                Step(ops=(SetCpuset("cg", cpus(0, 1, 2)),), hold=Frac(0.8)),
            ),
        )
    )


def _moved(ctx: Context) -> None:
    to_and_fro = tuple(SetCpuset("cg", cpus(cpu)) for cpu in (1, 0))
    ctx.run(
        Scenario(
            backdrop=Backdrop(cgroups=(spins("cg", 2),)),
            steps=(Step(ops=to_and_fro, hold=Loop(0.05)),),
        )
    )


FAULTS = (
    Fault(
        "wakeup_preempt",
        "rule",
        "Who wakes up, and is to run at once, does not have the CPU told to schedule.",
        "Wake-ups waited for the next tick.",
        _idle_beside_normal,
        ExpectFail(Kind.WAKE_LATENCY),
        checks=Checks(max_wake_p99_us=1_000),
    ),
    Fault(
        "balance_affinity",
        "rule",
        "Load balancing does not ask which CPUs a task may use.",
        "Tasks ran outside of their cpusets.",
        _confined,
        ExpectFail(Kind.INVARIANT, "curr-is-allowed"),
        checks=Checks(isolation=True),
    ),
    Fault(
        "idle_balance",
        "ea9cffc0a154",
        "An idle CPU that is told to pull tasks for all idle ones does not.",
        "CPUs stood idle beside a queue, where idle CPUs poll.",
        _spread,
        ExpectFail(Kind.WORK_CONSERVATION),
        checks=Checks(max_wasted_cpu_pct=25),
    ),
    Fault(
        "load_average",
        "dbfb089d360b",
        "Who goes to sleep without being interruptible is not counted, who wakes up is.",
        "A load average that has nothing to do with the load.",
        _moved,
        ExpectFail(Kind.INVARIANT, "nr-uninterruptible-sum"),
        elsewhere="loadavg_race, without an outcome",
    ),
)

declare(globals(), *FAULTS)
