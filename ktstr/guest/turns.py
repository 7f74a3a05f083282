# SPDX-License-Identifier: Apache-2.0
"""Tells all that measure by phases where the scenario is: the workers and the sampler."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ktstr.guest.cgroups import CgroupTree
    from ktstr.guest.population import Population
    from ktstr.guest.port import Sink
    from ktstr.guest.reactor import Reactor


class Turns:
    """One scenario's way through its steps.  `trace`: the sampler goes with it."""

    def __init__(
        self,
        people: Population,
        tree: CgroupTree,
        reactor: Reactor,
        sink: Sink,
        *,
        trace: bool,
    ) -> None:
        self._people, self._tree = people, tree
        self._entered = False
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
        if self._sampler is not None:
            self._sampler.turn(step)
        self._entered = True
        self._people.set_phase(step)

    def leave(self) -> None:
        """The step that was entered, if one was, ends: its teardown is about to begin."""
        if not self._entered:
            return
        self._people.set_phase(None)
        if self._sampler is not None:
            self._sampler.turn(None)
        self._entered = False

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
