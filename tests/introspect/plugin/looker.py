# SPDX-License-Identifier: Apache-2.0
"""One who looks into guests at hot places, at all that the plugin can do, and keeps what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import EACH_CPU, Period, Probe, Read, When
from ktstr.model.plan import Plan

# The most often called, where a guest's every block would show that something else ran.
HOT = ("update_rq_clock", "__schedule", "hrtimer_interrupt", "try_to_wake_up")
TICKS = ("task_tick_fair", "task_tick_idle", "task_tick_scx")
HELD = "sched_tick"
# Records of a hot function: there is room for no more of all of them in a long run.
_MOST = 30_000


def probe(kernel: Kernel, function: str, **what: object) -> Probe:
    """A probe of that name at a function."""
    found = kernel.symbol_range(function)
    made: Probe = Probe(function, found.start, found.stop, **what)  # type: ignore[arg-type]
    return made


@dataclass
class Looker:
    """A part that makes nothing for records: `looked` has what came of each guest, in order.

    functions: whose entries it wants.  ticks: with a period of 4 ms.  holds: how often the guest is
    held.
    """

    functions: tuple[str, ...] = HOT
    ticks: tuple[str, ...] = TICKS
    holds: int = 0
    looked: list[Looked] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    name: str = "looker"
    wanted: Wanted = field(default_factory=Wanted)

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Looker:
        """Itself, with probes for that kernel."""
        self.wanted = Wanted(tuple(self.asked(kernel)), (), self.held.append)
        return self

    def asked(self, kernel: Kernel) -> Iterator[Probe]:
        """Its probes, at the functions that the kernel has."""
        rq = kernel.symbol("runqueues")
        clock = Read("rdi", (kernel.field("rq", "clock").offset,), 8)
        queues = Read(EACH_CPU, (rq + kernel.field("rq", "nr_running").offset,), 4)
        current = rq + kernel.field("rq", "curr").offset
        comm = Read(EACH_CPU, (current, kernel.field("task_struct", "comm").offset), 16)
        for tick in filter(kernel.has_symbol, self.ticks):
            period = Period(clock, 4_000_000)
            yield probe(kernel, tick, reads=(clock, queues, comm), period=period)
        for function in self.functions:
            yield probe(kernel, function, reads=(queues,), registers=True, limit=_MOST)
        if self.ticks:
            for function in ("enqueue_task_fair", "dequeue_task_fair"):
                yield probe(kernel, function, when=When.RETURN, reads=(clock, queues))
            yield probe(kernel, "select_task_rq_fair", stack=True, limit=20)
        if self.holds:
            yield probe(kernel, HELD, hold=True, limit=self.holds)

    def made(self, looked: Looked) -> object:
        """Keeps it."""
        self.looked.append(looked)
        return None

    def without(self, why: str) -> object:
        """Keeps the reason."""
        self.refused.append(why)
        return None
