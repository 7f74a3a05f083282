# SPDX-License-Identifier: Apache-2.0
"""What the guest reports: raw facts, nothing judged; each record that is a frame names its type.

Times are guest CLOCK_MONOTONIC in nanoseconds unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ktstr.model.function_end import FunctionEnd
from ktstr.model.histogram import Histogram
from ktstr.model.machine.numa import NodeFacts
from ktstr.model.payload import MetricCheck, PayloadEnd, Stream
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Checks
from ktstr.model.wire.events import EventName
from ktstr.model.wire.frames import FrameType

PROTOCOL = 2


@dataclass(frozen=True)
class Hello:
    """What the agent sees before it does anything.  CPU lists are in the kernel's format.

    `nodes` are the CPUs of each NUMA node, empty for one that is memory alone; `numa` says more of
    them where there are several.  `unknown_arguments` are those of the command line that the kernel
    did not know, and so gave to its first process.  `capacities` are those of the online CPUs,
    where the kernel tells them.
    """

    frame_type = FrameType.HELLO
    protocol: int
    kernel_release: str
    cmdline: str
    online: str
    llcs: tuple[str, ...]
    nodes: tuple[str, ...]
    cores: tuple[str, ...]
    memory_kb: int
    clocksource: str
    plan_digest: str
    numa: tuple[NodeFacts, ...] = ()
    unknown_arguments: tuple[str, ...] = ()
    capacities: tuple[int, ...] = ()


@dataclass(frozen=True)
class Event:
    """A moment on the guest's time line.

    The host's deadlines go by `test_start` (a test function begins), `scenario_start` and
    `scenario_end`.
    """

    frame_type = FrameType.EVENT
    at_ns: int
    name: EventName
    step: int | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What is measured of a worker in its whole life, and in each phase of it.

    max_gap_ns: the longest time between two clock reads of a loop that never blocks on purpose
    (blocking on purpose ends a gap).  migrations: changes of CPU from reading to reading.  Counts
    of the kernel, None where it does not say: cpu_ns, kernel_migrations, run_delay_ns, run_count,
    numa_pages_migrated (pages that NUMA balancing moved to another node for this task, by its
    /proc/self/sched).  wake counts wake-to-run latencies: from the waker's clock (pipe, futex) or
    the timer's deadline (sleeps) to the woken worker's first clock read; io those of I/O on disks,
    from the first call to the last one's return.
    """

    started_ns: int
    ended_ns: int
    cpu_ns: int
    work_units: int
    iterations: int
    max_gap_ns: int
    migrations: int
    kernel_migrations: int | None = None
    run_delay_ns: int | None = None
    run_count: int | None = None
    numa_pages_migrated: int | None = None
    wake: Histogram = field(default_factory=lambda: Histogram({}))
    io: Histogram = field(default_factory=lambda: Histogram({}))


@dataclass(frozen=True, kw_only=True)
class WorkerPhase(Measured):
    """The part of a worker's life that lies in one step, or between two steps (`step` None).

    Phases adjoin one another.  A gap or time off the CPU that lasts over a border is divided at it;
    a wake-up or I/O counts where it ends.  The kernel's counts are those between the worker's first
    clock reads after each border.  off_cpu_ns: what of the phase was no CPU time.  Histograms (ns):
    gaps: times between two clock reads of a loop that never blocks on purpose; off_cpu: times
    blocked, and gaps above 1 ms; run_delay: waits for a CPU, by the kernel's schedstat, read every
    4 ms: waits between two readings count as their mean.  merged: how many later phases are in this
    one, because a worker keeps at most 252.  class_started, class_ended: the class
    (witness.SchedClass) that the worker was in at its first clock readings after the two borders,
    by `prio` and `ext.enabled` of /proc/thread-self/sched (kernel/sched/debug.c,
    proc_sched_show_task()); empty: not said.
    """

    step: int | None
    off_cpu_ns: int
    gaps: Histogram
    off_cpu: Histogram
    run_delay: Histogram
    merged: int = 0
    class_started: str = ""
    class_ended: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkerFacts(Measured):
    """One worker's whole life.

    `ran_on` (CPU -> ns) is sampled by time.  `requested` and `effective` describe policy, nice and
    affinity; `errors` is what was refused.  `phases` divides the life by the scenario's steps, in
    order; one that was lost has those that had ended.  numa_pages: node -> pages of memory, by
    /proc/self/numa_maps at the end; threads of one process have the same.  own: what its type
    counts beside all that, in its whole life; docs/workloads.md has the names.
    """

    frame_type = FrameType.WORKER
    cgroup: str
    group: int
    index: int
    work_type: str
    step: int | None
    pid: int
    requested: str
    effective: str
    weight: int
    cpu_hungry: bool
    cpuset: str
    max_gap_at_ns: int
    max_gap_cpu: int
    samples: int
    ran_on: dict[int, int]
    completed: bool
    exit_info: str
    errors: tuple[str, ...] = ()
    phases: tuple[WorkerPhase, ...] = ()
    numa_pages: dict[int, int] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CgroupFacts:
    """One cgroup of the scenario: the cpuset it was given and the one in force, and cpu.stat.

    limits: what was written to its files, limits_in_force what they said at the end (cpuset.mems:
    the effective ones).  stats: counters of the controllers that are on for it beside cpu, as
    `<file>.<key>` (memory.events.oom_kill, io.stat.rbytes over all devices) or `<file>`
    (memory.peak, in bytes).  frozen_ns: how long it was frozen itself.
    """

    frame_type = FrameType.CGROUP
    name: str
    step: int | None
    cpuset: str
    effective_cpuset: str
    weight: int
    cpu_stat: dict[str, int] = field(default_factory=dict)
    pressure: str = ""
    limits: dict[str, str] = field(default_factory=dict)
    limits_in_force: dict[str, str] = field(default_factory=dict)
    stats: dict[str, int] = field(default_factory=dict)
    frozen_ns: int = 0


@dataclass(frozen=True, kw_only=True)
class SchedulerFacts:
    """The scheduler's life: what was started, what the kernel said, how it ended.

    state, ops, enable_seq, nr_rejected: files of /sys/kernel/sched_ext, read after attachment
    (`*_attached`) and at the end, before it was told to go (`*_end`); empty if absent.  A state is
    an `EnableState`.  exit_*: the kernel's exit record where the loader or the log gave one;
    exit_kind: an `ExitKind`, or what else was said.
    hotplug_seq: how often CPUs came or went.  events: counters of root/events, less what they were
    after attachment.  ejections: what the kernel's log says of each ejection between attachment and
    the end of the process, e.g. of a scheduler whose user space started it again by itself.
    switch_all: whether it got all tasks after attachment (1) or those alone that ask for it (0:
    SCX_OPS_SWITCH_PARTIAL), by the file of that name.
    kernel_words: the lines that sched_ext, lockdown and faults of its process left in the kernel's
    log during its life, the first 20.  left_running: processes that its own left when it ended.
    enabled_ns: when the commands of one that is in the kernel had switched it on; ended_ns is when
    others had switched it off, and exit_status what went wrong with one.  cgroup: of its process
    after attachment, by /proc/PID/cgroup, where the plan names one.  The defaults are those of one
    that has no process, and left no record of an exit.
    """

    frame_type = FrameType.SCHEDULER
    name: str
    argv: tuple[str, ...] = ()
    pid: int | None = None
    phase: SchedulerPhase
    attached_ns: int | None = None
    state_attached: str
    ops_attached: str
    state_end: str
    ops_end: str
    enable_seq: str
    nr_rejected: str
    ended_by_us: bool = False
    exit_status: str = ""
    exit_kind: str = ""
    exit_reason: str = ""
    exit_message: str = ""
    dump: str = ""
    log_tail: str = ""
    ended_ns: int | None = None
    detached: bool
    stats: dict[str, int] = field(default_factory=dict)
    enable_seq_attached: str = ""
    nr_rejected_attached: str = ""
    hotplug_seq_attached: str = ""
    hotplug_seq_end: str = ""
    events: dict[str, int] = field(default_factory=dict)
    ejections: tuple[str, ...] = ()
    switch_all: str = ""
    kernel_words: tuple[str, ...] = ()
    left_running: tuple[str, ...] = ()
    enabled_ns: int | None = None
    cgroup: str = ""

    @property
    def began_ns(self) -> int | None:
        """When it was there: attached, or switched on; None: it never was."""
        return self.attached_ns if self.attached_ns is not None else self.enabled_ns


@dataclass(frozen=True)
class LogChunk:
    """A piece of a log: `scheduler`, `test` (output of a test body) or `agent`.

    Of the command of a `.shell`: `stdout` and `stderr`.
    """

    frame_type = FrameType.LOG
    source: str
    text: str
    truncated: bool = False


@dataclass(frozen=True)
class StepFacts:
    """A step that was played.  Its phase lasts from the end of its set-up to that of its hold.

    torn_down_ns: what it made was gone.  checks: those that the step puts over the test's.
    """

    index: int
    name: str
    started_ns: int
    ended_ns: int
    torn_down_ns: int
    checks: Checks | None = None


@dataclass(frozen=True)
class TimeoutFacts:
    """A wait for a condition that ran into its time-out: `seconds` of guest time.

    condition: as the author wrote it.  seen: what there was of it in the end.
    """

    condition: str
    step: int | None
    seconds: float
    on_timeout: OnTimeout
    seen: str


@dataclass(frozen=True)
class ScenarioFacts:
    """How far a scenario came.  `error` is empty unless a step could not be carried out.

    mistaken: the error is that the scenario names what this kernel or scheduler does not have.

    `steps` are those whose phase began; `cleanup_ns` is what the last teardown took, the
    Backdrop's.
    """

    frame_type = FrameType.SCENARIO
    started_ns: int
    ended_ns: int
    steps_planned: int
    steps_done: int
    error: str = ""
    stopped_because: str = ""
    steps: tuple[StepFacts, ...] = ()
    timeouts: tuple[TimeoutFacts, ...] = ()
    cleanup_ns: int = 0
    mistaken: bool = False


@dataclass(frozen=True)
class TestFacts:
    """How a test function in the guest ended.

    `verdict` is empty or what the function claimed by ctx.skip()/ctx.fail(), or inconclusive where
    it asked what nobody answered; `left_behind`
    names processes that it left and the agent killed; `damages` is what was lost of the facts on
    their way from its process to the agent.
    """

    frame_type = FrameType.TEST

    __test__ = False

    outcome: FunctionEnd
    detail: str
    verdict: str
    left_behind: tuple[str, ...]
    output_bytes: int
    notes: dict[str, Any] = field(default_factory=dict)
    damages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metric:
    """A number that a payload printed; `name` is its dotted path."""

    name: str
    value: float
    stream: Stream


@dataclass(frozen=True)
class PayloadFacts:
    """One run of a payload, from its start to its end.

    index: order of ending in this guest, from 0.  exit_code: -1 where `signal` names what killed
    it.  *_bytes: all that was printed, kept or not; *_truncated: more than the cap was printed.
    *_tail: the end of each stream.  notes: what was odd about the extraction of metrics.  checks:
    those in force, defaults included.  error: why it was not started, or could not be followed.
    left_behind: processes of its group that outlived the leader and were killed.
    """

    frame_type = FrameType.PAYLOAD
    payload: str
    index: int
    cgroup: str | None
    step: int | None
    argv: tuple[str, ...]
    pid: int | None
    started_ns: int
    ended_ns: int
    end: PayloadEnd
    exit_code: int
    signal: str
    stdout_bytes: int
    stderr_bytes: int
    stdout_truncated: bool
    stderr_truncated: bool
    stdout_tail: str
    stderr_tail: str
    metrics: tuple[Metric, ...] = ()
    notes: tuple[str, ...] = ()
    checks: tuple[MetricCheck, ...] = ()
    left_behind: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class DiskFacts:
    """A disk as the guest found it before the test's body.

    device: e.g. /dev/vda, empty if no device has the serial.  magic: statfs.f_type where it is
    mounted, else 0.  error: what could not be done, e.g. the mount and the kernel's reason.
    """

    frame_type = FrameType.DISK
    name: str
    serial: str
    device: str
    size_bytes: int
    read_only: bool
    mount_point: str
    magic: int
    error: str = ""


@dataclass(frozen=True)
class End:
    """The last frame of a guest that came to its end in order; `frames` counts those before it."""

    frame_type = FrameType.END
    frames: int
    at_ns: int
    agent_error: str = ""
