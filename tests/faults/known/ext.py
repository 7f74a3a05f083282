# SPDX-License-Identifier: Apache-2.0
"""Faults of sched_ext itself, under a scheduler without any (told.bpf.c)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ktstr import (
    AddCgroup,
    Backdrop,
    Bursty,
    CgroupDef,
    Checks,
    CpuSpin,
    ExactCpus,
    ExpectFail,
    Frac,
    Kind,
    MoveAllTasks,
    OfflineCpu,
    PythonWork,
    RestartScheduler,
    Scenario,
    SetAffinity,
    Step,
    Work,
)
from tests.faults.known.fault import Fault, declare
from tests.faults.known.loads import cpus, spins

if TYPE_CHECKING:
    from ktstr import Context, WorkContext

_ALL = cpus(0, 1, 2)
_IMPATIENT = ("--set", "ops.timeout_ms=1000")


def _crowd(ctx: Context) -> None:
    sleeper = Work(Bursty(burst_us=1_000, sleep_us=3_000), workers=2)
    ctx.run(CgroupDef("cg", _ALL, works=(Work(CpuSpin(), workers=6), sleeper)))


def _sleepers(ctx: Context) -> None:
    work = Work(Bursty(burst_us=2_000, sleep_us=3_000), workers=4)
    ctx.run(CgroupDef("cg", _ALL, works=(work,)))


def _told(ctx: Context, name: str) -> int:
    return int(ctx.map(".bss").read(0, name))


def _counted(ctx: Context, name: str, at_least: int, *steps: Step) -> None:
    backdrop = Backdrop(cgroups=(spins("cg", 4, _ALL),), ops=(AddCgroup("other"),))
    before = _told(ctx, name)
    ctx.run(Scenario(backdrop=backdrop, steps=steps))
    ctx.claim(name, _told(ctx, name) - before).at_least(at_least)


def _hotplug(ctx: Context) -> None:
    steps = (Step(hold=Frac(0.5)), Step(ops=(OfflineCpu(1),), hold=Frac(0.5)))
    _counted(ctx, "nr_offline", 1, *steps)


def _move(ctx: Context) -> None:
    # they were moved into their cgroup, too
    ops = (MoveAllTasks("cg", "other"),)
    _counted(ctx, "nr_moved", 4, Step(hold=Frac(0.5)), Step(ops=ops, hold=Frac(0.5)))


def _masks(ctx: Context) -> None:
    # some masks are told when a task comes to sched_ext, which is another matter
    there, back = (SetAffinity("cg", ExactCpus(frozenset(each))) for each in ({0, 1}, {1, 2}))
    steps = [Step(ops=(op,), hold=Frac(0.1)) for op in (there, back) * 5]
    _counted(ctx, "nr_masks", 30, *steps)


def _restart(ctx: Context) -> None:
    backdrop = Backdrop(cgroups=(spins("cg", 6, _ALL),))
    ctx.run(Scenario(backdrop=backdrop, steps=(Step(ops=(RestartScheduler(),), hold=Frac(0.2)),)))
    before = _told(ctx, "nr_enqueued")
    ctx.run(spins("later", 6, _ALL))
    ctx.claim("nr_enqueued", _told(ctx, "nr_enqueued") - before).at_least(10)


def _nicer(work: WorkContext) -> None:
    while not work.should_stop():
        for nice in (-20, 0):
            os.setpriority(os.PRIO_PROCESS, 0, nice)
            work.sleep_us(1_000)
        work.tick()


def _weights(ctx: Context) -> None:
    ctx.run(CgroupDef("cg", _ALL, works=(Work(PythonWork(_nicer), workers=2),)))


def _behind_pinned(ctx: Context) -> None:
    ctx.run(spins("left", 4, cpus(0)), spins("right", 2, cpus(1, 2)))


FAULTS = (
    Fault(
        "scx_watchdog_stops",
        "rule",
        "The watchdog looks once and is not set again.",
        "Every scheduler was thrown out once its timeout had passed.",
        _crowd,
        ExpectFail(Kind.SCHEDULER_EJECTED, "watchdog failed to check in"),
        duration=2.5,
        options={"scheduler_args": _IMPATIENT},
    ),
    Fault(
        "scx_watchdog_early",
        "rule",
        "Since when a task waits is not set anew when it has run.",
        "Schedulers were thrown out for tasks that had just run.",
        _crowd,
        ExpectFail(Kind.SCHEDULER_EJECTED, "failed to run for"),
        duration=2.5,
        options={"scheduler_args": _IMPATIENT},
    ),
    Fault(
        "scx_nr_running",
        "rule",
        "A task that leaves a runqueue is still counted as one of sched_ext's.",
        "The tick was not stopped, and CPUs looked for tasks that there are not.",
        _sleepers,
        ExpectFail(Kind.INVARIANT, "scx-nr-running"),
    ),
    Fault(
        "scx_hotplug",
        "rule",
        "The scheduler does not hear that a CPU goes.",
        "It went on giving tasks to a CPU that is gone.",
        _hotplug,
        ExpectFail(Kind.CLAIM, "nr_offline"),
    ),
    Fault(
        "scx_cgroup_move",
        "rule",
        "The scheduler does not hear that a task changes its cgroup.",
        "Tasks were scheduled by the weights of a group that they had left.",
        _move,
        ExpectFail(Kind.CLAIM, "nr_moved"),
    ),
    Fault(
        "scx_set_cpumask",
        "rule",
        "The scheduler does not hear that a task may use other CPUs.",
        "Schedulers that keep masks sent tasks to CPUs that they may not use.",
        _masks,
        ExpectFail(Kind.CLAIM, "nr_masks"),
    ),
    Fault(
        "scx_bypass",
        "0e7ffff1b811",
        "Bypassing, as while a scheduler is attached, is never left.",
        "The scheduler was attached, and scheduled nothing.",
        _restart,
        ExpectFail(Kind.CLAIM, "nr_enqueued"),
    ),
    Fault(
        "scx_weight",
        "rule",
        "A task's weight is not told in the units of a cgroup's.",
        "Nice tasks got many times their share, or none.",
        _weights,
        ExpectFail(Kind.INVARIANT, "scx-task-weight"),
    ),
    Fault(
        "scx_dsq_head",
        "rule",
        "Who takes a task from a queue looks at its first one only.",
        "CPUs stood idle, as the first task may not use them.",
        _behind_pinned,
        ExpectFail(Kind.WORK_CONSERVATION),
        checks=Checks(max_wasted_cpu_pct=25),
        duration=2.0,
    ),
)

declare(globals(), *FAULTS)
