# SPDX-License-Identifier: Apache-2.0
"""Tells all that measure by phases where the scenario is: workers, witness, sampler, scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ktstr.guest.observers.stats import StatsReader
    from ktstr.guest.scenario.population import Population
    from ktstr.guest.system.cgroups import CgroupTree
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor


class Watcher(Protocol):
    """Who watches the tasks of a scenario, phase by phase."""

    def measure(self, cgroup: str, identity: int) -> None:
        """There is a new cgroup; `identity` is the inode number of its directory."""

    def turn(self, step: int | None) -> None:
        """The scenario is in `step` from now on, or between steps (None)."""

    def report(self) -> None:
        """There is time to tell what was seen in the phases that are over."""


class Turns:
    """One scenario's way through its steps.  `trace`: a sampler goes with it.

    `witness` is there before the scenario and after it.  `stats` asks the scheduler.
    """

    def __init__(
        self,
        people: Population,
        tree: CgroupTree,
        reactor: Reactor,
        sink: Sink,
        *,
        trace: bool,
        witness: Watcher | None = None,
        stats: StatsReader | None = None,
    ) -> None:
        self._people, self._tree, self._stats = people, tree, stats
        self._step: int | None = None
        self._watchers: list[Watcher] = [] if witness is None else [witness]
        self._sampler = None
        if trace:
            from ktstr.guest.observers.sampler import Sampler

            self._sampler = Sampler(reactor, sink)
            self._watchers.append(self._sampler)
        if self._watchers:
            tree.on_create = self._measure

    def start(self) -> None:
        """The scenario begins, between steps; the sampler is ready when this returns."""
        if self._sampler is not None:
            self._sampler.start()

    def enter(self, step: int) -> None:
        """A step begins: it is set up, and its workers are about to start."""
        if self._stats is not None:
            self._stats.enter()
        self._turn(step)
        self._step = step
        self._people.set_phase(step)

    def leave(self) -> None:
        """The step that was entered, if one was, ends: its teardown is about to begin."""
        if self._step is None:
            return
        self._people.set_phase(None)
        self._turn(None)
        if self._stats is not None:
            self._stats.leave(self._step)
        self._step = None

    def report(self) -> None:
        """The step is torn down: there is time to tell what was seen in it."""
        for watcher in self._watchers:
            watcher.report()

    def finish(self) -> None:
        """The scenario is over and torn down."""
        # the tree outlives the scenario, and the next one may do without a sampler
        self._tree.on_create = None
        if self._sampler is not None:
            self._sampler.finish()
        if self._stats is not None:
            self._stats.close()

    def _measure(self, cgroup: str, identity: int) -> None:
        for watcher in self._watchers:
            watcher.measure(cgroup, identity)

    def _turn(self, step: int | None) -> None:
        for watcher in self._watchers:
            watcher.turn(step)
