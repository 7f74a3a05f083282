# SPDX-License-Identifier: Apache-2.0
"""What the host gave each vCPU thread: time on a CPU, and time spent waiting for one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ktstr.host.sample import HostSample


class VcpuClock:
    """Samples the vCPU threads of one QEMU process."""

    def __init__(self, pid: int, threads: Mapping[int, int], proc: Path = Path("/proc")) -> None:
        """`threads` maps a vCPU's index to the id of its host thread."""
        self._files = {
            cpu: proc / str(pid) / "task" / str(tid) / "schedstat"
            for cpu, tid in sorted(threads.items())
        }

    def sample(self, at_s: float) -> list[HostSample]:
        """Both times of every vCPU thread, as of now, which the caller says is `at_s`.

        A thread that is gone, or a host kernel without the file, gives no sample.
        """
        samples = []
        for cpu, file in self._files.items():
            try:
                # Documentation/scheduler/sched-stats.rst: run ns, wait ns, number of time slices.
                run, wait, _ = file.read_text().split()
            except (OSError, ValueError):
                continue
            samples.append(HostSample(at_s, cpu, int(run), int(wait)))
        return samples


def longest_wait_s(pid: int, proc: Path = Path("/proc")) -> float:
    """The longest time that any thread of a process was runnable and waited for a CPU, in seconds.

    0 where the host's kernel does not tell.
    """
    waits = [0.0]
    for file in (proc / str(pid) / "task").glob("*/schedstat"):
        try:
            waits.append(int(file.read_text().split()[1]) / 1e9)
        except (OSError, ValueError, IndexError):
            continue
    return max(waits)


def threads_of(cpus: list[dict[str, Any]]) -> dict[int, int]:
    """vCPU index to host thread, from the answer to QMP's query-cpus-fast."""
    return {int(cpu["cpu-index"]): int(cpu["thread-id"]) for cpu in cpus}
