# SPDX-License-Identifier: Apache-2.0
"""Who scheduled whom, and which CPUs stood idle or were held meanwhile: the witness's facts.

The witness (ktstr/sampler, witness.bpf.c) looks at every runqueue once a period, in every guest.
Times are guest CLOCK_MONOTONIC in nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ktstr.model.wire.frames import FrameType


class SchedClass(StrEnum):
    """The class that a task runs under by the kernel's own word: task_struct's `sched_class`.

    BYPASS: sched_ext's class while the kernel, not the BPF scheduler, decides (SCX_RQ_BYPASSING of
    kernel/sched/sched.h since 6.12).
    """

    STOP = "stop"
    DEADLINE = "deadline"
    REALTIME = "realtime"
    FAIR = "fair"
    EXT = "ext"
    BYPASS = "bypass"
    IDLE = "idle"


@dataclass(frozen=True)
class RanUnder:
    """How often a task of a managed cgroup was seen on a CPU in one phase, by its class.

    step: None between steps.  pid: the task; None for those that found no room of their own.
    samples: SchedClass -> how often.
    """

    step: int | None
    started_ns: int
    ended_ns: int
    cgroup: str
    pid: int | None
    samples: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class CpuIdleness:
    """What one CPU did not do in one phase.

    idle_ns: it stood idle.  wasted_ns: it stood idle from one look to the next, and a task that may
    run there waited all that time, on a runqueue or in a DSQ, or where turns are short somebody at
    both looks.  longest_ns, longest_ended_ns: the
    longest such stretch and when it was over; waiting: who waited last in it, `comm[pid]`.
    """

    cpu: int
    idle_ns: int
    wasted_ns: int = 0
    longest_ns: int = 0
    longest_ended_ns: int = 0
    waiting: str = ""


@dataclass(frozen=True)
class Idleness:
    """The CPUs in one phase; `step`: None between steps."""

    step: int | None
    started_ns: int
    ended_ns: int
    cpus: tuple[CpuIdleness, ...] = ()


@dataclass(frozen=True)
class Hold:
    """A task of a class above all schedulers that had a CPU for long without a break.

    Only stop, deadline and realtime tasks, and only from HOLD_NS on.
    """

    cpu: int
    sched_class: str
    comm: str
    pid: int
    started_ns: int
    ended_ns: int


@dataclass(frozen=True)
class Phase:
    """A time of the scenario, in `step` or between steps (None)."""

    step: int | None
    started_ns: int
    ended_ns: int


@dataclass(frozen=True)
class Sightings:
    """What the witness's process says of phases that are over: RanUnder, Idleness and Hold to be.

    records: JSON, a line each (ktstr/sampler/sightings.c).  phases: those not told of before, the
    first of which has the number `first`.  cgroups: their names by inode number, of those not told
    of before.
    """

    frame_type = FrameType.SIGHTINGS
    records: str
    first: int
    phases: tuple[Phase, ...]
    cgroups: dict[str, str]


@dataclass(frozen=True)
class WitnessFacts:
    """The witness's own account of one guest.

    error: why it saw nothing, or nothing from some moment on; empty when all is well.  period_ns:
    between two looks.  looks: how many there were, late: how many came more than a period late,
    for whose time nothing is claimed.  dropped: what found no room.  cost_ns: what all looks took.
    """

    frame_type = FrameType.WITNESS
    error: str
    period_ns: int
    looks: int
    late: int
    dropped: int
    started_ns: int
    ended_ns: int
    cost_ns: int


# what processes of the harness are called, and among them that of a test function
OWN_COMMS = ("ktstr-", "scx-loader")
AGENT_COMM = "ktstr-agent"
FUNCTION_COMM = "ktstr-function"

# a shorter turn of a task above all schedulers explains no gap that anybody judges
HOLD_NS = 20_000_000
