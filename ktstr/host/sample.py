# SPDX-License-Identifier: Apache-2.0
"""What a vCPU thread had of the host's CPUs at one moment."""

from __future__ import annotations

from dataclasses import dataclass


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
