# SPDX-License-Identifier: Apache-2.0
"""CLOCK_MONOTONIC at each hold, by what its record says of the guest's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.clock import Clock, clock_of
from ktstr.introspect.monitor.parts import Number, Part, Row, row_of
from ktstr.introspect.plugin.records import Record
from ktstr.introspect.plugin.watch import EACH_CPU, Read

_CLOCK = "clock"


@dataclass(frozen=True)
class HoldClock:
    """What to read at a hold of a guest, and the time that it tells."""

    clock: Clock
    cpus: int
    parts: tuple[Part, ...]
    row: Row

    @property
    def reads(self) -> tuple[Read, ...]:
        """All reads, in the order of their bytes."""
        return tuple(part.read for part in self.parts)

    def times(self, records: Sequence[Record]) -> list[tuple[int, int]]:
        """Of each record the furthest clock of a runqueue, and CLOCK_MONOTONIC then, in ns."""
        raw = self.row.columns([b"".join(each.runs) for each in records])
        found = []
        for number in range(len(records)):
            now, cpu = max((raw[_CLOCK, cpu][number], cpu) for cpu in range(self.cpus))
            found.append((now, self.clock.monotonic_ns(raw, number, cpu, now)))
        return found


def clock_at_holds(kernel: Kernel, cpus: int) -> HoldClock:
    """Raises UnknownName for a kernel without a timekeeper that is known here."""
    clock = clock_of(kernel)
    at = kernel.symbol("runqueues") + kernel.field("rq", "clock").offset
    parts = (*clock.parts, Part(Read(EACH_CPU, (at,), 8), "Q", (Number(_CLOCK),)))
    return HoldClock(clock, cpus, parts, row_of(parts, cpus))
