# SPDX-License-Identifier: Apache-2.0
"""Traces every decision of a guest, where a test asks for it."""

from __future__ import annotations

from dataclasses import replace

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.trace.clock import Keeper, Times
from ktstr.introspect.trace.decode import Decoder
from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.points import KEEPER, Item, Point, points_of
from ktstr.introspect.trace.programs import Programs
from ktstr.model.plan import Plan

# Bytes of records: about a million events.
_ROOM = 96 << 20


class TraceLook:
    """The trace of one guest."""

    def __init__(self, kernel: Kernel, cpus: int) -> None:
        self._cpus = cpus
        found, self._lacks = points_of(kernel)
        keeper = Keeper.of(kernel)
        self._points = tuple(_with_keeper(each, keeper) for each in found)
        self._programs = Programs(kernel, costs=False)
        if self._programs.lack:
            self._lacks = (*self._lacks, f"no op: {self._programs.lack}")
        self._times = Times(keeper)

    @property
    def wanted(self) -> Wanted:
        """Its probes, and room for their records."""
        probes = (*(point.probe for point in self._points), *self._programs.probes)
        return Wanted(probes, room=_ROOM, rows=True)

    def made(self, looked: Looked) -> Decisions:
        """The events."""
        decoder = Decoder(self._points, self._programs, self._times)
        return decoder.decisions(looked, self._cpus, self._lacks)


class TracePart:
    """Who traces."""

    name = "decisions"

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> TraceLook:
        """A trace of a guest with this kernel.

        Raises:
          UnknownName: the kernel has no clock that is known here.
        """
        return TraceLook(kernel, cpus)

    def without(self, why: str) -> Decisions:
        """An empty trace that says why."""
        return Decisions(0, problem=why)


def _with_keeper(point: Point, keeper: Keeper) -> Point:
    """A tick tells the timekeeper, too."""
    if point.event != "tick":
        return point
    reads = (*point.probe.reads, keeper.read)
    item = Item(KEEPER, keeper.read, "s")
    return replace(point, probe=replace(point.probe, reads=reads), items=(*point.items, item))
