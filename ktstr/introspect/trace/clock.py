# SPDX-License-Identifier: Apache-2.0
"""CLOCK_MONOTONIC of any instant of virtual time, by what the timekeeper said around it.

In virtual time the processor's time stamp counter counts the nanoseconds that the plugin tells, so
that the kernel's own arithmetic gives its time to the nanosecond (kernel/time/timekeeping.c).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.clock import Clock, clock_of
from ktstr.introspect.plugin.watch import Read

# of what the timekeeper says; the largest shift of a clock source, and the largest time
_MULT, _SHIFT, _MOST_SHIFT, _LATEST_NS = 2, 3, 64, (1 << 63) - 1


@dataclass(frozen=True)
class Keeper:
    """The read of a kernel's timekeeper, and its layout."""

    clock: Clock

    @classmethod
    def of(cls, kernel: Kernel) -> Keeper:
        """That of `kernel`.

        Raises:
          UnknownName: it has no timekeeper that is known here.
        """
        return cls(clock_of(kernel))

    @property
    def read(self) -> Read:
        """What is to be read of it."""
        return self.clock.parts[0].read


class Times:
    """Instants of virtual time as the guest's own; before the first look they are as by that."""

    def __init__(self, keeper: Keeper) -> None:
        self._layout = struct.Struct(f"<{keeper.clock.parts[0].layout}")
        self._tsc = keeper.clock.tsc
        self._since: list[int] = []
        self._said: list[tuple[int, ...]] = []

    def add(self, now_ns: int, said: bytes) -> None:
        """What the timekeeper said at an instant, that is no earlier than those before."""
        values = self._layout.unpack(said)
        # a guest may have written anything there
        is_sound = values[_MULT] > 0 and values[_SHIFT] <= _MOST_SHIFT
        is_new = not self._said or self._said[-1] != values
        if values[0] == self._tsc and is_sound and is_new:
            self._since.append(now_ns)
            self._said.append(values)

    def __bool__(self) -> bool:
        return bool(self._said)

    def monotonic_ns(self, now_ns: int) -> int:
        """The guest's time at an instant; without any look the instant's own."""
        if not self._said:
            return now_ns
        values = self._said[max(bisect_right(self._since, now_ns) - 1, 0)]
        _, last, mult, shift, nsec, base = values
        found = base + ((now_ns - last) * mult + nsec >> shift)
        return max(-_LATEST_NS, min(found, _LATEST_NS))

    def now_ns(self, monotonic_ns: int) -> int:
        """The first instant of virtual time at which the last look gives the guest's time."""
        if not self._said:
            return monotonic_ns
        _, last, mult, shift, nsec, base = self._said[-1]
        return last + -((nsec - (monotonic_ns - base << shift)) // mult)
