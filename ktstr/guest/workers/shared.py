# SPDX-License-Identifier: Apache-2.0
"""The memory that the agent shares with a group of workers; twin of ktstr/worker/shared.h."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

_HEADER = 4096
BORDERS = 252
_BORDER = struct.Struct("<QiI")
_BORDERS_OFFSET = 64
_BORDERS_SET_OFFSET = 4
_COUNT = struct.Struct("<I")
_BETWEEN_STEPS = -1
_SLOT = struct.Struct("<QQQQQIIQII")
_COUNTS = struct.Struct("<QQQQ")
_CPU_OFFSET = 44
_TID_OFFSET = 56
_START = struct.Struct("<Q")
_START_OFFSET = 48
_STOP = struct.pack("<I", 1)

assert _SLOT.size == 64
assert _BORDERS_OFFSET + BORDERS * _BORDER.size == _HEADER


@dataclass(frozen=True)
class Slot:
    """What a worker left in its slot so far: counts, and its last clock reading (0: none yet).

    `tid` is the kernel's number of its task, 0 before it ran.
    """

    iterations: int
    work_units: int
    beat_ns: int
    max_gap_ns: int
    cpu: int
    tid: int


class SharedMemory:
    """A memfd with a stop flag and a slot for each of `workers`; `descriptor` is to be inherited.

    `extra` bytes behind the slots are the workers' own.

    A worker that has inherited it gives its `descriptor`.

    Reads and writes of a memfd are coherent with the workers' mappings of it.
    """

    def __init__(self, workers: int, descriptor: int = -1, extra: int = 0) -> None:
        self.descriptor = descriptor
        if descriptor < 0:
            self.descriptor = os.memfd_create("ktstr-workers", os.MFD_CLOEXEC)
            os.ftruncate(self.descriptor, _HEADER + _SLOT.size * workers + extra)
        self._borders = 0
        self.merged = 0

    def set_phase(self, step: int | None, at_ns: int) -> None:
        """Says that from `at_ns` on the scenario is in `step`, or between steps (None).

        Of more than 252 phases the later ones are merged into the last, and `merged` counts them.
        """
        if self._borders == BORDERS:
            self.merged += 1
            return
        border = _BORDER.pack(at_ns, _BETWEEN_STEPS if step is None else step, 0)
        os.pwrite(self.descriptor, border, _BORDERS_OFFSET + self._borders * _BORDER.size)
        self._borders += 1
        os.pwrite(self.descriptor, _COUNT.pack(self._borders), _BORDERS_SET_OFFSET)

    def stop(self) -> None:
        """Tells all workers to stop."""
        os.pwrite(self.descriptor, _STOP, 0)

    def set_start(self, index: int, at_ns: int) -> None:
        """Says when worker `index` was told to begin."""
        os.pwrite(self.descriptor, _START.pack(at_ns), _HEADER + _SLOT.size * index + _START_OFFSET)

    def slot(self, index: int) -> Slot:
        """What worker `index` left so far."""
        raw = os.pread(self.descriptor, _SLOT.size, _HEADER + _SLOT.size * index)
        iterations, units, beat, gap, _wake, _turn, cpu, _start, tid, _ = _SLOT.unpack(raw)
        return Slot(iterations, units, beat, gap, cpu, tid)

    def stopped(self) -> bool:
        """Whether workers were told to stop."""
        return os.pread(self.descriptor, len(_STOP), 0) == _STOP

    def start_ns(self, index: int) -> int:
        """When worker `index` was told to begin."""
        at = _HEADER + _SLOT.size * index + _START_OFFSET
        return int(_START.unpack(os.pread(self.descriptor, _START.size, at))[0])

    def border_count(self) -> int:
        """How many borders between phases there are so far."""
        return int(_COUNT.unpack(os.pread(self.descriptor, _COUNT.size, _BORDERS_SET_OFFSET))[0])

    def borders(self) -> list[tuple[int, int | None]]:
        """(moment, step that began then or None) of each border so far."""
        size = self.border_count() * _BORDER.size
        found = _BORDER.iter_unpack(os.pread(self.descriptor, size, _BORDERS_OFFSET))
        return [(at_ns, None if step == _BETWEEN_STEPS else step) for at_ns, step, _ in found]

    def set_slot(self, index: int, slot: Slot) -> None:
        """Leaves what worker `index` has done so far."""
        at = _HEADER + _SLOT.size * index
        counts = _COUNTS.pack(slot.iterations, slot.work_units, slot.beat_ns, slot.max_gap_ns)
        os.pwrite(self.descriptor, counts, at)
        os.pwrite(self.descriptor, _COUNT.pack(slot.cpu), at + _CPU_OFFSET)
        os.pwrite(self.descriptor, _COUNT.pack(slot.tid), at + _TID_OFFSET)

    def close(self) -> None:
        """Gives the memory back once the workers are gone."""
        os.close(self.descriptor)
