# SPDX-License-Identifier: Apache-2.0
"""The trace of a replay: from the instant on at which its failure began."""

from __future__ import annotations

from dataclasses import replace

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import Period
from ktstr.introspect.replay.moments import VIRTUAL
from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.part import TraceLook, TracePart
from ktstr.model.plan import Plan


class LateTraceLook:
    """A trace whose probes begin at an instant of virtual time; programs are known before."""

    def __init__(self, look: TraceLook, begins_ns: int) -> None:
        self._look, self._begins = look, Period(VIRTUAL, begins_ns)

    @property
    def wanted(self) -> Wanted:
        """The probes of the trace."""
        wanted = self._look.wanted
        probes = tuple(
            each if each.learns or each.forgets else replace(each, period=self._begins, begins=True)
            for each in wanted.probes
        )
        return replace(wanted, probes=probes)

    def made(self, looked: Looked) -> Decisions:
        """The events."""
        return self._look.made(looked)


class LateTracePart:
    """Who traces from then on."""

    name = TracePart.name

    def __init__(self, begins_ns: int) -> None:
        self._begins_ns = begins_ns

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> LateTraceLook:
        """A trace of a guest with this kernel.

        Raises:
            UnknownName: as for `TracePart`.
        """
        return LateTraceLook(TracePart().look(kernel, plan, cpus), self._begins_ns)

    def without(self, why: str) -> Decisions:
        """An empty trace that says why."""
        return TracePart().without(why)
