# SPDX-License-Identifier: Apache-2.0
"""Tells all that measure by phases where the scenario is: workers, sampler, NUMA counters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ktstr.model.facts import PhaseFacts

if TYPE_CHECKING:
    from ktstr.guest.cgroups import CgroupTree
    from ktstr.guest.population import Population
    from ktstr.guest.port import Sink
    from ktstr.guest.reactor import Reactor
    from ktstr.model.topology import TopologyView

_VMSTAT = "/proc/vmstat"
_MIGRATED = b"numa_pages_migrated "


class Turns:
    """One scenario's way through its steps.  `trace`: the sampler goes with it."""

    def __init__(
        self,
        people: Population,
        tree: CgroupTree,
        view: TopologyView,
        reactor: Reactor,
        sink: Sink,
        *,
        trace: bool,
    ) -> None:
        self._people, self._tree, self._sink = people, tree, sink
        self._numa = len(view.nodes) > 1
        self._step = -1
        self._began = 0
        self._migrated: int | None = None
        self._sampler = None
        if trace:
            from ktstr.guest.sampler import Sampler

            self._sampler = Sampler(reactor, sink)
            tree.on_create = self._sampler.measure

    def start(self) -> None:
        """The scenario begins, between steps; the sampler is ready when this returns."""
        if self._sampler is not None:
            self._sampler.start()

    def enter(self, step: int) -> None:
        """A step begins: it is set up, and its workers are about to start."""
        if self._numa:
            self._migrated = _pages_migrated()
        if self._sampler is not None:
            self._sampler.turn(step)
        self._step, self._began = step, time.monotonic_ns()
        self._people.set_phase(step)

    def leave(self) -> None:
        """The step that was entered, if one was, ends: its teardown is about to begin."""
        if self._step < 0:
            return
        self._people.set_phase(None)
        if self._sampler is not None:
            self._sampler.turn(None)
        if self._numa:
            self._sink.emit(self._facts())
        self._step = -1

    def report(self) -> None:
        """The step is torn down: there is time to tell what was measured in it."""
        if self._sampler is not None:
            self._sampler.report()

    def finish(self) -> None:
        """The scenario is over and torn down."""
        if self._sampler is not None:
            # the tree outlives the sampler, and the next scenario may do without one
            self._tree.on_create = None
            self._sampler.finish()

    def _facts(self) -> PhaseFacts:
        now, before = _pages_migrated(), self._migrated
        moved = None if now is None or before is None else now - before
        return PhaseFacts(self._step, self._began, time.monotonic_ns(), moved)


def _pages_migrated() -> int | None:
    """What the kernel has counted since it booted; None if it does not (no NUMA balancing)."""
    with open(_VMSTAT, "rb") as file:
        for line in file:
            if line.startswith(_MIGRATED):
                return int(line.split()[1])
    return None
