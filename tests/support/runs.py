# SPDX-License-Identifier: Apache-2.0
"""Records of runs to judge: a good one, and what tests change about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from ktstr.host.accel import Accel
from ktstr.host.ending import Ending, EndingKind
from ktstr.judge.workers.scope import Scope
from ktstr.model.facts import (
    PROTOCOL,
    CgroupFacts,
    DiskFacts,
    End,
    Event,
    Hello,
    Metric,
    PayloadFacts,
    ScenarioFacts,
    SchedulerFacts,
    TestFacts,
    WorkerFacts,
    WorkerPhase,
)
from ktstr.model.function_end import FunctionEnd
from ktstr.model.histogram import Histogram
from ktstr.model.machine.disk import MAGIC, Disk, Filesystem
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.payload import PayloadEnd, Stream
from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Checks
from ktstr.model.wire.events import EventName
from ktstr.model.wire.witness import RanUnder, SchedClass
from ktstr.record.run import RunRecord

MS = 1_000_000
S = 1_000_000_000

ALL_CHECKS = Checks(
    not_starved=True,
    max_gap_ms=100,
    scheduler_alive=True,
    clean_kernel_log=True,
)


def worker(**changes: Any) -> WorkerFacts:
    """A spinning worker of cg_0 that had a CPU for half of its second."""
    facts = WorkerFacts(
        cgroup="cg_0",
        group=0,
        index=0,
        work_type="CpuSpin",
        step=0,
        pid=100,
        requested="policy=normal rt_priority=0 nice=0 affinity=inherited",
        effective="policy=normal rt_priority=0 nice=0 affinity=0-1",
        weight=1024,
        cpu_hungry=True,
        cpuset="",
        started_ns=S,
        ended_ns=2 * S,
        cpu_ns=S // 2,
        work_units=1000,
        iterations=1000,
        max_gap_ns=4 * MS,
        max_gap_at_ns=S + 300 * MS,
        max_gap_cpu=1,
        migrations=3,
        kernel_migrations=4,
        run_delay_ns=S // 2,
        run_count=120,
        samples=1000,
        ran_on={0: S // 2, 1: S // 2},
        wake=Histogram({}),
        completed=True,
        exit_info="",
    )
    return dataclasses.replace(facts, **changes)


def scope(*workers: WorkerFacts, cpus: int = 2, **rest: Any) -> Scope:
    """Workers to be judged together, on one LLC of so many CPUs."""
    return Scope(workers, TopologyView.of(Topology(1, 1, cpus, 1)), **rest)


def phase(**changes: Any) -> WorkerPhase:
    """The first half of the worker's life, in step 0."""
    facts = WorkerPhase(
        step=0,
        started_ns=S,
        ended_ns=S + S // 2,
        cpu_ns=S // 4,
        work_units=500,
        iterations=500,
        max_gap_ns=4 * MS,
        migrations=1,
        kernel_migrations=2,
        run_delay_ns=S // 4,
        run_count=60,
        off_cpu_ns=S // 4,
        wake=Histogram({}),
        io=Histogram({}),
        gaps=Histogram({}),
        off_cpu=Histogram({}),
        run_delay=Histogram({}),
    )
    return dataclasses.replace(facts, **changes)


def payload(**changes: Any) -> PayloadFacts:
    """fio, which read for a second and said how fast."""
    facts = PayloadFacts(
        payload="fio",
        index=0,
        cgroup=None,
        step=0,
        argv=("/payloads/fio/fio", "--output-format=json", "/payloads/fio/read.fio"),
        pid=110,
        started_ns=S,
        ended_ns=2 * S,
        end=PayloadEnd.EXITED,
        exit_code=0,
        signal="",
        stdout_bytes=3_000,
        stderr_bytes=0,
        stdout_truncated=False,
        stderr_truncated=False,
        stdout_tail="}\n",
        stderr_tail="",
        metrics=(
            Metric("jobs.0.elapsed", 1.0, Stream.STDOUT),
            Metric("jobs.0.read.iops", 1_500.0, Stream.STDOUT),
        ),
    )
    return dataclasses.replace(facts, **changes)


def disk(**changes: Any) -> Disk:
    """A writable btrfs, mounted."""
    made = Disk(0, "data", "ktstr-data", Filesystem.BTRFS, 256 << 20, False, "/mnt/data")
    return dataclasses.replace(made, **changes)


def disk_facts(**changes: Any) -> DiskFacts:
    """That disk as a guest finds it."""
    magic = MAGIC[Filesystem.BTRFS]
    facts = DiskFacts("data", "ktstr-data", "/dev/vda", 256 << 20, False, "/mnt/data", magic)
    return dataclasses.replace(facts, **changes)


def scheduler(**changes: Any) -> SchedulerFacts:
    """A scheduler that attached, ran, and left when it was told to."""
    facts = SchedulerFacts(
        name="fifo",
        argv=("/scheduler/fifo/scx-loader", "/scheduler/fifo/fifo.bpf.o"),
        pid=60,
        phase=SchedulerPhase.DETACHED,
        attached_ns=S // 2,
        state_attached="enabled",
        ops_attached="fifo",
        state_end="enabled",
        ops_end="fifo",
        enable_seq="1",
        nr_rejected="0",
        ended_by_us=True,
        exit_status="exit status 0",
        exit_kind="UNREG",
        exit_reason="unregistered from user space",
        log_tail="attached ops=fifo\n",
        ended_ns=3 * S,
        detached=True,
        stats={"nr_local": 12},
    )
    return dataclasses.replace(facts, **changes)


def no_scheduler(**changes: Any) -> SchedulerFacts:
    """The evidence of a run under the default class."""
    facts = SchedulerFacts(
        name="",
        phase=SchedulerPhase.NONE,
        state_attached="disabled",
        ops_attached="",
        state_end="disabled",
        ops_end="",
        enable_seq="1",
        nr_rejected="0",
        detached=True,
    )
    return dataclasses.replace(facts, **changes)


def plan(**changes: Any) -> Plan:
    """Two workers in cg_0 under fifo on two CPUs, for a second."""
    made = Plan(
        test="pairs",
        source="steady.py",
        topology="1n1l2c1t",
        duration_s=1.0,
        workers_per_cgroup=2,
        seed=1,
        scheduler=SchedulerPlan("fifo", scheduler().argv, "fifo", control=True),
        scenario=defs(CgroupDef("cg_0")),
        function=None,
        checks=ALL_CHECKS,
        check_layers={
            "not_starved": "default",
            "max_gap_ms": "test",
            "scheduler_alive": "default",
            "clean_kernel_log": "default",
        },
    )
    return dataclasses.replace(made, **changes)


def function_plan(**changes: Any) -> Plan:
    """A test function that runs in the guest."""
    return plan(scenario=None, function="pairs", **changes)


def outcome(**changes: Any) -> TestFacts:
    """A test function that returned."""
    return dataclasses.replace(TestFacts(FunctionEnd.RETURNED, "", "", (), 0), **changes)


def hello(of: Plan, **changes: Any) -> Hello:
    """What a guest of 1n1l2c1t says."""
    facts = Hello(
        protocol=PROTOCOL,
        kernel_release="6.12.107",
        cmdline="console=ttyS0",
        online="0-1",
        llcs=("0-1",),
        nodes=("0-1",),
        cores=("0", "1"),
        memory_kb=250_000,
        clocksource="tsc",
        plan_digest=of.digest(),
    )
    return dataclasses.replace(facts, **changes)


def seen(of: Plan, those: Sequence[WorkerFacts | PayloadFacts]) -> tuple[RanUnder, ...]:
    """That workers and payloads which did anything ran under the plan's scheduler, or EEVDF."""
    name = SchedClass.EXT if of.scheduler is not None or of.staged else SchedClass.FAIR
    return tuple(
        RanUnder(each.step, each.started_ns, each.ended_ns, each.cgroup or "", each.pid, {name: 90})
        for each in those
        if isinstance(each, PayloadFacts) or each.work_units
    )


def good_run(of: Plan | None = None, **changes: Any) -> RunRecord:
    """A run that passes: everything was done, everything arrived, nothing is wrong."""
    made = of or plan()
    own = scheduler() if made.scheduler is not None else no_scheduler()
    workers = changes.get("workers", (worker(), worker(index=1, pid=101)))
    run = RunRecord(
        plan=made,
        accel=Accel.VIRTUAL,
        ending=Ending(EndingKind.EXITED, "guest-shutdown"),
        console=(),
        hello=hello(made),
        events=(
            Event(S, EventName.SCENARIO_START),
            Event(S, EventName.STEP_START, 0),
            Event(2 * S, EventName.STEP_END, 0),
            Event(2 * S, EventName.SCENARIO_END),
        ),
        workers=workers,
        ran_under=seen(made, (*workers, *changes.get("payloads", ()))),
        cgroups=(CgroupFacts("cg_0", 0, "", "0-1", 100, {"usage_usec": 1_000_000}),),
        schedulers=(own,),
        scenarios=(ScenarioFacts(S, 2 * S, 1, 1),),
        test=outcome() if made.function is not None else None,
        end=End(9, 3 * S),
        frames_seen=9,
    )
    return dataclasses.replace(run, **changes)
