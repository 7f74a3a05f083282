# SPDX-License-Identifier: Apache-2.0
"""Results of runs that went well and ill, under names that are also those of their golden files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ktstr import it, metric, stat
from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.host.accel import Accel
from ktstr.host.context import HostContext
from ktstr.host.disk_clone import DiskBackend, DiskClone
from ktstr.host.ending import Ending, EndingKind
from ktstr.host.sample import HostSample
from ktstr.host.start import StartFacts, StartKind
from ktstr.judge.judge import judge
from ktstr.model.facts import (
    CgroupFacts,
    Event,
    LogChunk,
    Metric,
    ScenarioFacts,
    StepFacts,
)
from ktstr.model.function_end import FunctionEnd
from ktstr.model.histogram import Histogram
from ktstr.model.machine.disk import Throttle
from ktstr.model.payload import MetricHint, OutputFormat, Payload, PayloadEnd, Polarity, Stream
from ktstr.model.plan import Plan
from ktstr.model.scenario.relative import not_worse_than
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Checks, ExpectFail
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.model.wire.witness import CpuIdleness, Hold, Idleness, RanUnder, WitnessFacts
from ktstr.record.identity import FileDigest, Identity, KernelIdentity, SchedulerIdentity
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.make.whole import result_of
from tests.support import runs
from tests.support.broken_run import broken
from tests.support.compared import compared_run
from tests.support.hung import looked_into
from tests.support.monitored import watched
from tests.support.replayed_run import REPLAYED
from tests.support.runs import MS, S
from tests.support.traced_run import traced

CLONED = StartFacts(StartKind.CLONED, "7e" * 32, "memory from the host's store", 0.104)
HOST = HostContext(
    hostname="builder",
    kernel="6.1.0",
    cpu_model="A CPU",
    cpus=2,
    load_average=(0.5, 0.25, 0.125),
    started_at="2026-01-02T03:04:05+00:00",
    wall_s={"boot to the agent's hello": 1.5, "the test's body": 0.75, "total": 2.5},
    notes={"probe": "/dev/kvm is not there"},
)
DATA = runs.disk(throttle=Throttle(iops=500, iops_burst=1_000))
_DUMP = "\n".join(
    ["fifo[60] triggered exit kind 1026:", *(f"CPU {i}: nr_run=3" for i in range(70))]
)


_WHY_COLD = "fresh_boot is set, by the target or for all tests"


def digest(name: str) -> FileDigest:
    """A file whose digest shows its name."""
    return FileDigest(f"_main/{name}", name.encode().hex().ljust(64, "0")[:64])


def identity(accel: Accel = Accel.VIRTUAL) -> Identity:
    """A target with the scheduler fifo."""
    return Identity(
        label="//sched/fifo:pairs_1n1l2c1t",
        bazel="tools/bazel",
        kernel=KernelIdentity("@@//sched/kernels:linux_6_12", digest("vmlinux"), digest("config")),
        scheduler=SchedulerIdentity("@@//sched/fifo:fifo", digest("fifo.cpio")),
        accel=accel,
        accel_reason=f"accel = '{accel}' of the target",
        seed=1,
        initramfs=(digest("base.cpio"), digest("agent.cpio")),
        qemu=digest("qemu"),
        brought=(digest("fifo.cpio"), digest("payload.cpio"), digest("disk.key")),
        machine="ab" * 32 if accel is Accel.VIRTUAL else "",
    )


def result(run: RunRecord, host: HostContext = HOST) -> result_pb2.Result:
    """The judged result of a run."""
    return result_of(run, judge(run), identity(run.accel), host)


def passed() -> RunRecord:
    """Two workers that shared two CPUs, one that woke, and ops on the time line."""
    run = runs.good_run()
    wake = Histogram.of([2_000] * 95 + [40_000] * 5)
    sleeper = runs.worker(
        cgroup="late/sleepers",
        work_type="Bursty",
        cpu_hungry=False,
        cpu_ns=S // 10,
        wake=wake,
        run_delay_ns=None,
        ran_on={1: S},
    )
    events = (*run.events, Event(S + 5 * MS, EventName.OP, 0, "AddCgroup(name='late/sleepers')"))
    late = CgroupFacts("late/sleepers", 0, "1", "1", 100)
    return dataclasses.replace(
        run,
        workers=(*run.workers, sleeper),
        events=events,
        cgroups=(*run.cgroups, late),
        start=CLONED,
    )


def starved() -> RunRecord:
    """One worker got nothing, the other had a gap."""
    victim = runs.worker(
        index=1, pid=101, cpu_ns=0, work_units=0, iterations=0, samples=0, ran_on={}
    )
    return runs.good_run(workers=(runs.worker(max_gap_ns=230 * MS), victim))


def held() -> RunRecord:
    """A real-time task had both CPUs while a worker waited, and a CPU stood idle in vain."""
    late = runs.worker(max_gap_ns=500 * MS, max_gap_at_ns=2 * S)
    workers = (late, runs.worker(index=1, pid=101, requested="policy=fifo"))
    spin = Hold(0, "realtime", "spin", 77, S, 2 * S)
    idle = CpuIdleness(1, 400 * MS, 250 * MS, 240 * MS, 2 * S, "w0.0.0[100]")
    return runs.good_run(
        workers=workers,
        holds=(spin, dataclasses.replace(spin, cpu=1, comm="ktstr-worker", pid=101)),
        idleness=(Idleness(0, S, 2 * S, (CpuIdleness(0, 0), idle)),),
        ran_under=(
            RanUnder(0, S, 2 * S, "cg_0", 100, {"ext": 90}),
            RanUnder(0, S, 2 * S, "cg_0", 101, {"realtime": 110}),
        ),
        witness=WitnessFacts("", 4 * MS, 250, 130, 0, S, 2 * S, MS),
    )


def ejected() -> RunRecord:
    """The kernel's watchdog threw the scheduler out."""
    facts = runs.scheduler(
        phase=SchedulerPhase.RUN,
        state_end="disabled",
        ops_end="",
        ended_by_us=False,
        exit_kind="ERROR_STALL",
        exit_reason="runnable task stall",
        exit_message="w0.0.1[101] failed to run for 5.003s",
        exit_status="exit status 3",
        dump=_DUMP,
        log_tail="attached ops=fifo\nexit kind=1026\n",
    )
    console = ConsoleFinding(
        ConsoleKind.SCHED_EXT,
        12,
        'sched_ext: BPF scheduler "fifo" disabled (runnable task stall)',
        'sched_ext: BPF scheduler "fifo" disabled (runnable task stall)\nsched_ext: fifo: w0.0.1',
    )
    return runs.good_run(
        schedulers=(facts,),
        console=(console,),
        start=CLONED,
        scenarios=(ScenarioFacts(S, 2 * S, 1, 0, stopped_because="the scheduler is gone"),),
        logs=(
            LogChunk("scheduler", "".join(f"line {i}\n" for i in range(40)), truncated=True),
            LogChunk("scheduler", "the last line\n"),
        ),
    )


def expected() -> RunRecord:
    """The same, and the test was about it."""
    run = ejected()
    return dataclasses.replace(run, plan=_expecting(run), hello=runs.hello(_expecting(run)))


def not_expected() -> RunRecord:
    """A test about an ejection, in which everything went well."""
    return runs.good_run(_expecting(runs.good_run()))


def failed_otherwise() -> RunRecord:
    """A test about an ejection, in which a worker starved."""
    run = starved()
    return dataclasses.replace(run, plan=_expecting(run), hello=runs.hello(_expecting(run)))


def panicked() -> RunRecord:
    """A kernel that panicked before the scenario."""
    text = "Kernel panic - not syncing: sysrq triggered crash"
    finding = ConsoleFinding(ConsoleKind.PANIC, 3, text, f"{text}\nCPU: 0 PID: 41\nCall Trace:\n")
    return RunRecord(
        plan=runs.plan(),
        accel=Accel.VIRTUAL,
        ending=Ending(EndingKind.PANICKED),
        console=(finding,),
        hello=runs.hello(runs.plan()),
        frames_seen=1,
    )


def no_boot() -> RunRecord:
    """A guest that never said hello."""
    ending = Ending(EndingKind.DEADLINE, "boot to the agent's hello")
    start = StartFacts(StartKind.COLD, "", "the target has disks", None)
    return RunRecord(plan=runs.plan(), accel=Accel.VIRTUAL, ending=ending, console=(), start=start)


def raised() -> RunRecord:
    """A test function that raised, after printing what no terminal should get."""
    facts = runs.outcome(
        outcome=FunctionEnd.RAISED, detail="ValueError: \x1b[2Jno\nsecond line \udcff"
    )
    output = f"\x1b[31mred\x00\r\nlong {'x' * 400}\nTraceback: \udcff\n"
    return runs.good_run(
        runs.function_plan(scheduler=None), test=facts, logs=(LogChunk("test", output),)
    )


def skipped() -> RunRecord:
    """A test function that skipped."""
    facts = runs.outcome(verdict="skip", detail="needs two NUMA nodes")
    return runs.good_run(runs.function_plan(scheduler=None), test=facts)


def loaded() -> RunRecord:
    """Payloads that did what they should, though not in every way tidily, and a disk."""
    hints = (
        MetricHint("jobs.0.read.iops", Polarity.HIGHER_BETTER, unit="1/s"),
        MetricHint("jobs.0.read.clat_ns.mean", Polarity.LOWER_BETTER, unit="ns"),
        MetricHint("jobs.0.util", Polarity.TARGET, 50.0, unit="%"),
    )
    fio = Payload("fio", "/payloads/fio/fio", output=OutputFormat.JSON, metrics=hints)
    stress = Payload("stress-ng", "/payloads/stress-ng/stress-ng")
    of = runs.plan(payloads=(fio, stress), disks=(DATA,))
    values = {f"jobs.0.write.bin{i}": float(i) for i in range(14)}
    values |= {"jobs.0.util": 48.5, "jobs.0.read.clat_ns.mean": 81_250.125}
    read = runs.payload(
        cgroup="cg_0",
        checks=(metric.Min("jobs.0.read.iops", 1_000), metric.Range("jobs.0.util", 10, 90)),
        metrics=(
            *runs.payload().metrics,
            *(Metric(name, value, Stream.STDOUT) for name, value in values.items()),
        ),
    )
    killed = runs.payload(
        payload="stress-ng",
        index=1,
        argv=("/payloads/stress-ng/stress-ng", "--cpu", "2"),
        pid=112,
        end=PayloadEnd.KILLED,
        exit_code=-1,
        signal="SIGKILL",
        stdout_bytes=20 << 20,
        stdout_truncated=True,
        notes=("stdout: 20971520 bytes were printed; the first 16777216 were searched",),
        metrics=(),
        left_behind=("stress-ng-cpu[114]",),
    )
    return runs.good_run(
        of,
        payloads=(read, killed),
        disks=(runs.disk_facts(),),
        disk_clones=(
            DiskClone(
                "data",
                DiskBackend.QCOW2_OVERLAY,
                "the store has no reflink",
                0.0123,
                varies="completions arrive when the host decides",
            ),
        ),
    )


def slow_payload() -> RunRecord:
    """One payload that read too slowly, and one that did not even start to work."""
    limits = (
        metric.Min("jobs.0.read.iops", 2_000),
        metric.Exists("jobs.0.write.iops"),
    )
    broken = runs.payload(
        payload="stress-ng",
        index=1,
        argv=("/payloads/stress-ng/stress-ng", "--cup", "2"),
        exit_code=2,
        metrics=(),
        stdout_tail="",
        stderr_tail="stress-ng: \x1b[1merror\x1b[0m: [112]\nno such stressor 'cup'\n",
    )
    return runs.good_run(payloads=(runs.payload(checks=limits), broken))


def wrong_disk() -> RunRecord:
    """A disk that could not be mounted, and a payload that needs what is not there."""
    facts = runs.disk_facts(
        mount_point="", magic=0, error="mount /dev/vda at /mnt/data: Invalid argument (EINVAL)"
    )
    unstarted = runs.payload(
        end=PayloadEnd.NOT_STARTED,
        pid=None,
        exit_code=-1,
        metrics=(),
        stdout_tail="",
        error="/payloads/fio/fio: its interpreter /lib64/ld-linux-x86-64.so.2 is not in the guest",
    )
    return runs.good_run(runs.plan(disks=(DATA,)), disks=(facts,), payloads=(unstarted,))


def contended() -> RunRecord:
    """A gap under KVM, while the host kept a vCPU waiting."""
    samples = tuple(
        HostSample(float(second), vcpu, run_ns=second * S // 2, wait_ns=second * S // 3 * vcpu)
        for second in range(3)
        for vcpu in range(2)
    )
    late = runs.worker(max_gap_ns=230 * MS)
    return runs.good_run(
        accel=Accel.KVM,
        start=StartFacts(StartKind.COLD, "", _WHY_COLD, 1.25),
        workers=(late, runs.worker(index=1)),
        host_samples=samples,
        scenario_host_s=(0.5, 1.5),
    )


def by_step() -> RunRecord:
    """Two steps, the second with a limit of its own, which is missed; claims of both kinds."""
    middle = S + S // 2
    calm = runs.phase(wake=Histogram.of([2_000] * 20))
    squeezed = runs.phase(step=1, started_ns=middle, ended_ns=2 * S, max_gap_ns=70 * MS)
    steps = (
        StepFacts(0, "calm", S, middle, middle + 2 * MS),
        StepFacts(1, "squeeze", middle, 2 * S, 2 * S + MS, Checks(max_gap_ms=50, isolation=False)),
    )
    of = runs.plan(
        claims=(
            stat("cg_0.iterations").at_least(100),
            stat("squeeze:cg_0.max_gap_ms").below(60),
            stat("cg_0.spread_pct").any_of(it.below(1), it.above(5)),
            stat("cg_0.wake_p99_us").is_finite(),
        )
    )
    return runs.good_run(
        of,
        workers=tuple(runs.worker(index=i, step=None, phases=(calm, squeezed)) for i in range(2)),
        scenarios=(ScenarioFacts(S, 2 * S, 2, 2, steps=steps, cleanup_ns=3 * MS),),
    )


def slower_than_eevdf() -> RunRecord:
    """Four pairs of legs: one claim is refuted, one holds, and of one the interval says nothing."""
    claims = (
        not_worse_than("iterations_per_s", 1.5),
        not_worse_than("iterations_per_s", 3),
        not_worse_than("iterations_per_s", 2),
    )
    return compared_run(((500, 1000), (510, 1000), (495, 1001), (505, 1003)), *claims)


RUNS: dict[str, Callable[[], RunRecord]] = {
    each.__name__: each
    for each in (
        passed,
        starved,
        held,
        ejected,
        expected,
        not_expected,
        failed_otherwise,
        panicked,
        looked_into,
        no_boot,
        raised,
        skipped,
        contended,
        loaded,
        traced,
        slow_payload,
        wrong_disk,
        by_step,
        slower_than_eevdf,
        broken,
        watched,
        *REPLAYED,
    )
}


def _expecting(run: RunRecord) -> Plan:
    expectation = ExpectFail(Kind.SCHEDULER_EJECTED, "stall")
    return dataclasses.replace(run.plan, expect_fail=expectation)
