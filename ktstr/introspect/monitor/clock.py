# SPDX-License-Identifier: Apache-2.0
"""The guest's CLOCK_MONOTONIC at an instant, from its memory alone.

A runqueue's clock says the time of its CPU's last look at the processor's counter; the timekeeper
says what CLOCK_MONOTONIC was at a reading of the same counter, and how it goes on from there.  So
the runqueue's clock is turned back into that reading (kernel/time/sched_clock, arch/x86/kernel/
tsc.c: ns = offset + (counter * mul >> shift)), and that into the time (kernel/time/timekeeping.c:
base + (cycles * mult + xtime_nsec >> shift)), as the kernel does it.  6.12 to 7.2.

Under KVM's clock both count nanoseconds of the same kind.  Where neither is in use, the time is
that of the timekeeper's last update, up to a tick ago.
"""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.parts import Key, Number, Part
from ktstr.introspect.plugin.watch import ABSOLUTE, EACH_CPU, Read

_U64 = 1 << 64
# a timekeeper that was not updated for longer than this is not at work
_MOST_NS = 1_000_000_000
_MOST_SHIFT = 64
_LATEST_NS = (1 << 63) - 1
# columns: of the timekeeper, of both sched_clocks, and of each CPU's way from a counter to ns
_KEEPER = ("_tk_clock", "_tk_cycle_last", "_tk_mult", "_tk_shift", "_tk_xtime_nsec", "_tk_base")
_TSC_OFFSET, _KVM_OFFSET = "_sched_clock_offset", "_kvm_clock_offset"
_SCALE = ("_ns_mul", "_ns_shift", "_ns_offset")


@dataclass(frozen=True)
class Clock:
    """How one kernel tells the time; `parts` are to be read.

    tsc, kvm: addresses of the clock sources; None: this kernel has none.
    """

    parts: tuple[Part, ...]
    tsc: int | None
    kvm: int | None

    def monotonic_ns(
        self, columns: dict[Key, tuple[int, ...]], row: int, cpu: int, rq_clock: int
    ) -> int:
        """CLOCK_MONOTONIC when the runqueue of `cpu` had this clock, by a row of what was read."""

        def of(name: str, thing: int | None = None) -> int:
            return columns[name, thing][row]

        source, last, mult, shift, nsec, base = (of(name) for name in _KEEPER)
        # a guest may have written anything there
        shift = min(shift, _MOST_SHIFT)
        now = updated = base + (nsec >> shift)
        if source == self.tsc and of(_SCALE[0], cpu):
            mul, by, offset = (of(name, cpu) for name in _SCALE)
            by = min(by, _MOST_SHIFT)
            counter = ((rq_clock - of(_TSC_OFFSET) - offset) % _U64 << by) // mul
            now = base + ((counter - last) * mult + nsec >> shift)
        elif source == self.kvm:
            now = base + ((rq_clock + of(_KVM_OFFSET) - last) * mult + nsec >> shift)
        # before the last update where that is another CPU's, a moment ago
        return min(max(0, now if abs(now - updated) < _MOST_NS else updated), _LATEST_NS)


def clock_of(kernel: Kernel) -> Clock:
    """How `kernel` tells the time.

    Raises:
        UnknownName: it has no timekeeper that is known here.
    """
    parts = [_of_keeper(kernel)]
    tsc = kvm = None
    if all(map(kernel.has_symbol, ("clocksource_tsc", "cyc2ns", "__sched_clock_offset"))):
        tsc = kernel.symbol("clocksource_tsc")
        parts.append(_word(kernel, "__sched_clock_offset", _TSC_OFFSET))
        scale = Read(EACH_CPU, (kernel.symbol("cyc2ns"),), 16)
        parts.append(Part(scale, "IIQ", tuple(map(Number, _SCALE))))
    if all(map(kernel.has_symbol, ("kvm_clock", "kvm_sched_clock_offset"))):
        kvm = kernel.symbol("kvm_clock")
        parts.append(_word(kernel, "kvm_sched_clock_offset", _KVM_OFFSET))
    return Clock(tuple(parts), tsc, kvm)


def _of_keeper(kernel: Kernel) -> Part:
    fields = [
        kernel.field("tk_read_base", name)
        for name in ("clock", "cycle_last", "mult", "shift", "xtime_nsec", "base")
    ]
    layout, at = "", fields[0].offset
    for field, letter in zip(fields, "QQIIQq", strict=True):
        layout += f"{field.offset - at}x{letter}"
        at = field.offset + field.size
    start = _keeper(kernel) + kernel.field("timekeeper", "tkr_mono").offset + fields[0].offset
    numbers = tuple(Number(name, summed=True) for name in _KEEPER)
    return Part(Read(ABSOLUTE, (start,), at - fields[0].offset), layout, numbers)


def _word(kernel: Kernel, symbol: str, name: str) -> Part:
    return Part(Read(ABSOLUTE, (kernel.symbol(symbol),), 8), "q", (Number(name, summed=True),))


def _keeper(kernel: Kernel) -> int:
    """The address of the core's struct timekeeper: one of several in 7.2."""
    if kernel.has_symbol("timekeeper_data"):
        return kernel.symbol("timekeeper_data") + kernel.field("tk_data", "timekeeper").offset
    if kernel.has_field("tk_data", "timekeeper"):
        return kernel.symbol("tk_core") + kernel.field("tk_data", "timekeeper").offset
    # a struct without a name: a sequence count of 4 bytes, then the timekeeper, aligned to 8
    return kernel.symbol("tk_core") + 8
