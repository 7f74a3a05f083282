# SPDX-License-Identifier: Apache-2.0
"""What the kernel's own tracepoints say of the managed cgroups, where a test asks for `trace`.

Times are guest CLOCK_MONOTONIC in nanoseconds.  The guest imports this only when it samples.
"""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.histogram import Histogram
from ktstr.model.wire.frames import FrameType


@dataclass(frozen=True)
class SchedSample:
    """One task of a managed cgroup, or several, during one phase of the scenario.

    step: None between steps.  pid: of a worker or a payload; None for all other tasks of the cgroup
    together (what workers fork).  wake: from sched_wakeup or sched_wakeup_new to the sched_switch
    that runs the task.  run_delay: these and the waits of preempted tasks for their next turn.
    off_cpu: from the sched_switch that takes the CPU away to the one that gives it back.  All count
    in the phase in which they end.  switches: how often it was given a CPU.  migrations:
    sched_migrate_task.
    """

    frame_type = FrameType.SAMPLE
    step: int | None
    started_ns: int
    ended_ns: int
    cgroup: str
    pid: int | None
    wake: Histogram
    run_delay: Histogram
    off_cpu: Histogram
    switches: int
    migrations: int


@dataclass(frozen=True)
class SamplerProgram:
    """What a BPF program of the sampler cost, by bpf_prog_info.

    missed: events that came while the program was running on the same CPU already.
    """

    name: str
    runs: int
    run_time_ns: int
    missed: int


@dataclass(frozen=True)
class SamplerFacts:
    """The sampler's own account of one scenario.

    error: why there are no samples, or none from some moment on; empty when all is well.  dropped:
    measurements lost because a map was full.  ready_ns, ended_ns: between them it measured.
    """

    frame_type = FrameType.SAMPLER
    error: str
    dropped: int
    ready_ns: int | None
    ended_ns: int
    programs: tuple[SamplerProgram, ...] = ()
