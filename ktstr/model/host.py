# SPDX-License-Identifier: Apache-2.0
"""What the host saw of a run: vCPU threads' times, how the machine ended, and its own state.

All of it may differ between two identical runs; nothing of it enters a result outside `host`,
but for the ending of a machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class HostSample:
    """A vCPU thread's counters at one moment, from /proc/PID/task/TID/schedstat.

    at_s: seconds since QEMU was started, host CLOCK_MONOTONIC.  run_ns and wait_ns: time on a CPU
    and time runnable but waiting for one, since the thread began.
    """

    at_s: float
    vcpu: int
    run_ns: int
    wait_ns: int


# the name of the deadline that stands for Bazel's own: passing it accuses nobody
OUT_OF_TIME = "the test's share of Bazel's timeout"


class EndingKind(StrEnum):
    """Why a machine is no longer running."""

    EXITED = "exited"  # the guest powered off or rebooted, QEMU exited in order
    PANICKED = "panicked"  # pvpanic event, or a panic on the console
    DEADLINE = "deadline"  # a host deadline passed; `detail` is its name, or "OUTER, in INNER"
    KILLED = "killed"  # QEMU died of a signal that we did not send; `detail` names it
    QEMU_ERROR = "qemu_error"  # QEMU did not start or exited with an error; `detail` is its text
    TERMINATED = "terminated"  # the runner itself was told to stop (SIGTERM, SIGINT)


@dataclass(frozen=True)
class Ending:
    """How a machine ended.  `detail` must be the same for two identical runs."""

    kind: EndingKind
    detail: str = ""


@dataclass(frozen=True)
class HostContext:
    """The machine that a run happened on, and the run's cost.

    wall_s: seconds by phase (e.g. `boot`, `scenario`, `total`).  notes: anything else worth
    keeping, such as how the accelerator was chosen.  run: which of `--runs_per_test`, from 1; 0:
    the only one.
    """

    hostname: str = ""
    kernel: str = ""
    cpu_model: str = ""
    cpus: int = 0
    load_average: tuple[float, ...] = ()
    started_at: str = ""
    wall_s: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    run: int = 0


class DiskBackend(StrEnum):
    """How a test's private clone of a disk was made."""

    QCOW2_OVERLAY = "qcow2_overlay"
    REFLINK = "reflink"
    READ_ONLY = "read_only"
    GUEST_MEMORY = "guest_memory"


@dataclass(frozen=True)
class DiskClone:
    """A test's clone of one disk: `wall_s` it took to make, `reason` why it was made this way.

    varies: why two runs in virtual time may differ because of it; empty if they may not.
    """

    name: str
    backend: DiskBackend
    reason: str
    wall_s: float
    varies: str = ""
