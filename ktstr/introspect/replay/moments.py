# SPDX-License-Identifier: Apache-2.0
"""The instants of virtual time at which a guest failed, to the instruction.

They are what a replay is held against, and what it begins to look shortly before. Each guest in
virtual time has them: a few probes at functions that a healthy kernel never calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import NOW, Period, Probe, Read
from ktstr.introspect.postmortem.first_cause import ErrorSite
from ktstr.introspect.replay.cause import Anchor, Moment, Moments
from ktstr.introspect.trace.clock import Keeper, Times
from ktstr.model.plan import Plan

# kernel/panic.c of Linux 6.12 to 7.2, where panic() calls vpanic() since 6.16, and every crash of
# x86 goes through oops_enter() (arch/x86/kernel/dumpstack.c: oops_begin).
PANICS, OOPSES, WARNINGS = ("vpanic", "panic"), ("oops_enter",), ("__warn",)
_MOST = 16
# The guest's clocks are looked at each half second of virtual time, and so often at most.
_ANCHORS_NS, _MOST_ANCHORS = 500_000_000, 16
_TICK = "sched_tick"
VIRTUAL = Read(NOW, (), 8)


def first_function(kernel: Kernel, names: tuple[str, ...]) -> str:
    """The first of these that the kernel has; empty for none."""
    return next((name for name in names if kernel.has_symbol(name)), "")


class MomentLook:
    """Looks at one guest."""

    def __init__(self, kernel: Kernel) -> None:
        self._keeper = Keeper.of(kernel)
        probes = []
        for name, number in _places(kernel):
            at = kernel.symbol_range(name)
            reads = (VIRTUAL, Read(number, (), 8))
            probes.append(Probe(name, at.start, at.stop, reads=reads, limit=_MOST))
        if kernel.has_symbol(_TICK):
            at = kernel.symbol_range(_TICK)
            clock = kernel.symbol("runqueues") + kernel.field("rq", "clock").offset
            clocks = (VIRTUAL, Read("gs_base", (clock,), 8), self._keeper.read)
            period = Period(VIRTUAL, _ANCHORS_NS)
            probes.append(
                Probe(_TICK, at.start, at.stop, reads=clocks, period=period, limit=_MOST_ANCHORS)
            )
        self._probes = tuple(probes)

    @property
    def wanted(self) -> Wanted:
        """The functions' first instructions, and a few ticks."""
        return Wanted(self._probes)

    def made(self, looked: Looked) -> Moments:
        """What was come to, in order, and the last look at the clocks."""
        moments = []
        anchor = None
        for each in looked.records:
            now, second = (int.from_bytes(run, "little") for run in each.runs[:2])
            if each.probe != _TICK:
                moments.append(Moment(each.probe, each.cpu, now, second))
                continue
            times = Times(self._keeper)
            times.add(now, each.runs[2])
            if times:
                anchor = Anchor(now, second, times.monotonic_ns(now))
        return Moments(tuple(moments), anchor)


class MomentPart:
    """Who notes when a guest failed."""

    name = "moments"

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> MomentLook:
        """A look at a guest with this kernel.

        Raises:
            UnknownName: the kernel has no clock that is known here.
        """
        del plan, cpus
        return MomentLook(kernel)

    def without(self, why: str) -> None:
        """Nobody knows when; why stands with what is known of the probes."""
        del why


def _places(kernel: Kernel) -> Iterator[tuple[str, str]]:
    """Functions, and the register of the number that is kept of each."""
    try:
        site = ErrorSite.of(kernel)
        yield site.function, site.kind
    except UnknownName:
        pass  # a kernel without sched_ext throws nobody out
    # of a warning its line, which tells several apart: __warn(file, line, ...)
    for names, number in ((PANICS, "rdi"), (OOPSES, "rdi"), (WARNINGS, "rsi")):
        name = first_function(kernel, names)
        if name:
            yield name, number
