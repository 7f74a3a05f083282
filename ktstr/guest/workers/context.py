# SPDX-License-Identifier: Apache-2.0
"""What a worker written in Python is given: it says when to stop, and measures as it is told."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

from ktstr.guest.workers.kernelstat import Kernelstat
from ktstr.guest.workers.shared import Slot
from ktstr.guest.workers.tally import Counted, Tally

if TYPE_CHECKING:
    from ktstr.guest.workers.shared import SharedMemory

# reading one's CPU costs a system call or two: that often is enough to see where a worker ran
_CPU_PERIOD_NS = 1_000_000
# what is longer between two readings of the clock was waiting, not running
_MAX_CREDIT_NS = 1_000_000
_NS_PER_US = 1000
_NS = 1_000_000_000


class WorkContext:
    """A worker's clock: call `tick()` once per iteration, and stop when `should_stop()` says so.

    `index` is the worker's number within its group; `iterations` counts its ticks.
    """

    def __init__(self, memory: SharedMemory, index: int, report: int, started_ns: int) -> None:
        self.index, self.iterations = index, 0
        self._memory, self._report, self._tid = memory, report, os.getpid()
        self._kernel = Kernelstat()
        self._life = Tally(started_ns, time.thread_time_ns(), self._kernel.read())
        self._phase = Tally(started_ns, self._life.cpu_ns, self._life.counted)
        self._borders = memory.borders()
        self._seen = sum(1 for at_ns, _ in self._borders if at_ns <= started_ns)
        self._step = self._borders[self._seen - 1][1] if self._seen else None
        self._last_ns, self._cpu_read_ns, self._cpu = started_ns, 0, self._kernel.cpu()
        self._ran_on: dict[int, int] = {}
        self._gap_at_ns, self._gap_cpu, self._samples = started_ns, self._cpu, 0

    def should_stop(self) -> bool:
        """Whether the worker has been told to stop; the clock is read as well."""
        self._sample(blocked=False)
        return self._memory.stopped()

    def tick(self, units: int = 1) -> None:
        """An iteration is done, which was `units` of work."""
        self.iterations += 1
        for tally in (self._life, self._phase):
            tally.iterations += 1
            tally.work_units += units
        self._sample(blocked=False)

    def sleep_us(self, microseconds: int) -> None:
        """Sleeps, or returns early if told to stop; how late it woke is its wake latency."""
        deadline = self._sample(blocked=False) + microseconds * _NS_PER_US
        while (left := deadline - self._last_ns) > 0:
            # the stop signal is blocked, and so cannot slip past
            told = signal.sigtimedwait([signal.SIGUSR1], left / _NS)
            self._sample(blocked=True)
            if told is not None and self._memory.stopped():
                return
        for tally in (self._life, self._phase):
            tally.add("wake", self._last_ns - deadline)

    def finish(self, effective: str, errors: list[str]) -> None:
        """Ends the measurement and writes the rest of the report."""
        ended_ns = self._sample(blocked=False)
        life = self._life.lines(ended_ns, *self._end_phase(ended_ns))
        life |= {
            "max_gap_at_ns": self._gap_at_ns,
            "max_gap_cpu": self._gap_cpu,
            "samples": self._samples,
            "ran_on": self._ran_on,
            "numa_pages": {},
            "effective": effective,
            "errors": errors,
        }
        self._write(life)

    def _sample(self, *, blocked: bool) -> int:
        now = time.monotonic_ns()
        gap = now - self._last_ns
        if now - self._cpu_read_ns >= _CPU_PERIOD_NS:
            self._read_cpu(now)
        credit = 1 if blocked or not gap else min(gap, _MAX_CREDIT_NS)
        self._ran_on[self._cpu] = self._ran_on.get(self._cpu, 0) + credit
        self._samples += 1
        self._cross_borders(now)
        if blocked:
            self._phase.add("off_cpu", gap)
        else:
            if gap > self._life.max_gap_ns:
                self._gap_at_ns, self._gap_cpu = now, self._cpu
            for tally in (self._life, self._phase):
                tally.max_gap_ns = max(tally.max_gap_ns, gap)
            self._phase.add("gaps", gap)
        self._last_ns = now
        life = self._life
        left = Slot(life.iterations, life.work_units, now, life.max_gap_ns, self._cpu, self._tid)
        self._memory.set_slot(self.index, left)
        return now

    def _read_cpu(self, now: int) -> None:
        cpu = self._kernel.cpu()
        self._cpu_read_ns = now
        if cpu != self._cpu:
            self._cpu = cpu
            for tally in (self._life, self._phase):
                tally.migrations += 1

    def _cross_borders(self, now: int) -> None:
        if self._memory.border_count() == self._seen:
            return
        self._borders = self._memory.borders()
        while self._seen < len(self._borders) and self._borders[self._seen][0] <= now:
            at_ns, step = self._borders[self._seen]
            at_ns = max(at_ns, self._last_ns)
            self._phase = Tally(at_ns, *self._end_phase(at_ns))
            self._step = step
            self._seen += 1

    def _end_phase(self, ended_ns: int) -> tuple[int, Counted]:
        """Writes the phase; returns the CPU time and the kernel's counts that it ends with."""
        cpu_ns, counted = time.thread_time_ns(), self._kernel.read()
        self._write({"step": self._step, **self._phase.lines(ended_ns, cpu_ns, counted)})
        return cpu_ns, counted

    def _write(self, line: dict[str, Any]) -> None:
        import json

        os.write(self._report, json.dumps(line).encode() + b"\n")
