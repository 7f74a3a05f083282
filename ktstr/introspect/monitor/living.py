# SPDX-License-Identifier: Apache-2.0
"""Samples of a guest that runs on, out of its memory: where no plugin can look.

Each is of the clock of the CPU whose runqueue was set last, so that its time is that of the last
thing that happened.  A sample is thrown away where a CPU's part of it was torn, and where it is not
later than the one before: then nothing has happened since.  Of a guest that runs for long there are
fewer: what is kept of all samples has a bound.
"""

from __future__ import annotations

import struct

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.monitor.part import IDLE_WAIT
from ktstr.introspect.monitor.reading import whole
from ktstr.introspect.monitor.sampler import Sampler, Taken
from ktstr.introspect.monitor.series import How, Lack, MonitorSeries

# what all samples of a guest may take of the host's memory, as of the plugin's
_MOST_BYTES = 40 << 20


class Living:
    """Takes samples of one guest, and makes the series of them.

    why: why the plugin does not look.
    """

    def __init__(self, kernel: Kernel, sampler: Sampler, why: str) -> None:
        """Reads nothing yet.

        Raises:
            UnknownName: the kernel has no areas of CPUs that are known here.
        """
        self._sampler, self._why = sampler, why
        self._offsets = kernel.symbol("__per_cpu_offset")
        self._clock = kernel.symbol("runqueues") + kernel.field("rq", "clock").offset
        self._taken: list[Taken] = []
        self._most = max(2, _MOST_BYTES // sampler.row.size)
        self._calls, self._every = 0, 1
        self.torn = 0

    def sample(self, memory: Memory) -> None:
        """Takes one, if it is time, and the guest is far enough for that."""
        self._calls += 1
        if self._calls % self._every:
            return
        try:
            areas = struct.unpack(
                f"<{self._sampler.cpus}Q", memory.read(self._offsets, 8 * self._sampler.cpus)
            )
            data = whole(
                memory,
                self._sampler.reads,
                areas,
                lambda cpu: self._clock_of(memory, areas[cpu]),
            )
            clocks = [self._clock_of(memory, area) for area in areas]
        except MemoryFault:
            # of a guest that has no such pages yet, or no more
            return
        if data is None:
            self.torn += 1
            return
        newest = max(range(len(areas)), key=lambda cpu: int.from_bytes(clocks[cpu], "little"))
        self._taken.append(Taken(newest, data))
        if len(self._taken) >= self._most:
            del self._taken[::2]
            self._every *= 2

    def _clock_of(self, memory: Memory, area: int) -> bytes:
        # 7.x counts per-CPU variables from a base that areas are told without, and wraps
        return memory.read((area + self._clock) % (1 << 64), 8)

    def series(self, period_ns: int) -> MonitorSeries:
        """What all samples say; `period_ns` is how far calls of `sample` are apart at least."""
        samples = self._sampler.samples(self._taken, 1)
        return MonitorSeries(
            How.MEMORY,
            self._why,
            period_ns * self._every,
            samples.at_ns,
            samples.columns,
            (*self._sampler.lacks, Lack(IDLE_WAIT, "plugin of QEMU")),
            self.torn,
            samples.comms,
            samples.unseen,
        )
