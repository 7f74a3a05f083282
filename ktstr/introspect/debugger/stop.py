# SPDX-License-Identifier: Apache-2.0
"""A guest that comes to a place in its kernel, and stands there for as long as somebody looks."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from ktstr.introspect.debugger.place import Place
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.paging import PagedMemory, kernel_tables
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import Probe
from ktstr.introspect.snapshot.view import View
from ktstr.model.errors import InfraError
from ktstr.model.plan import Plan

# the tick: sched_tick since 6.10, scheduler_tick before (kernel/sched/core.c)
_TICKS = ("sched_tick", "scheduler_tick")
_NS = 1_000_000_000


class Stop:
    """Stops one guest at a place, once; `stopped` is called meanwhile, and the guest ends after it.

    It is a part of those that look into guests, and leaves nothing in the record. `problem` says
    why it could not stop; `reached` whether it did.
    """

    name = "drgn"

    def __init__(self, place: Place, stopped: Callable[[Held], None]) -> None:
        self._place = place
        self._stopped = stopped
        self._kernel: Kernel | None = None
        self._probe: Probe | None = None
        self._first: int | None = None
        self._hits = 0
        self.reached = False
        self.problem = ""

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Stop:
        """Raises UnknownName where the kernel has no such function."""
        del plan, cpus
        name = self._place.function or next(filter(kernel.has_symbol, _TICKS), _TICKS[0])
        at = kernel.symbol_range(name)
        self._kernel = kernel
        self._probe = Probe(self.name, at.start, max(at.stop, at.start + 1), hold=True)
        return self

    @property
    def wanted(self) -> Wanted:
        return Wanted((self._probe,), hold=self.held) if self._probe is not None else Wanted()

    def made(self, looked: Looked) -> None:
        self.problem = self.problem or looked.problem

    def without(self, why: str) -> None:
        self.problem = why

    def held(self, held: Held) -> None:
        """The guest stands before a call, and goes on if that is not the place."""
        if self.reached:
            return
        try:
            late = not self._place.after_s or self._since_first(held) >= self._place.after_s
        except InfraError as error:
            self.problem = str(error)
            return
        self._hits += late
        if self._hits < self._place.hit:
            return
        self.reached = True
        # however long somebody looks, QEMU is not to think that nobody is there
        os.kill(held.pid, signal.SIGSTOP)
        try:
            self._stopped(held)
        finally:
            os.kill(held.pid, signal.SIGKILL)

    def _since_first(self, held: Held) -> float:
        """Seconds of the guest's clock since the first time, by the runqueue of this CPU.

        Raises:
          InfraError: its memory cannot be read.
        """
        assert self._kernel is not None
        kernel, physical = self._kernel, memory_of(held.pid)
        top, moved = kernel.symbol("init_top_pgt"), kernel.symbol("phys_base")
        memory = PagedMemory(physical, kernel_tables(physical, top, moved, None, None))
        view = View(kernel, memory)
        now = view.number(view.per_cpu("runqueues", held.cpu), "rq", "clock")
        self._first = now if self._first is None else self._first
        return (now - self._first) / _NS
