# SPDX-License-Identifier: Apache-2.0
"""Those that look into guests: what each wants of the plugin, and what each gets.

A guest has one plugin with one watch, of which every part knows its own piece alone: its probes by
its names, its predicates by its numbers (`combined` puts them together and takes them apart).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.records import PredicateCount, ProbeCount, Record, Row
from ktstr.introspect.plugin.watch import Probe
from ktstr.model.plan import Plan


@dataclass(frozen=True)
class Wanted:
    """A part's piece of the watch.

    hold: called while the guest stands at one of its probes.  hold_s: host seconds that this takes
    at most; with any, the guest's deadlines wait meanwhile.  room: bytes of records for those of
    its probes that yield, beside the room for all others.  rows: whether records come as
    `Looked.rows`, without registers and stacks, as is quicker where there are very many.
    """

    probes: tuple[Probe, ...] = ()
    predicates: tuple[bytes, ...] = ()
    hold: Callable[[Held], None] | None = None
    hold_s: float = 0.0
    room: int = 0
    rows: bool = False


@dataclass(frozen=True)
class Looked:
    """What came of it.

    Attributes:
      records: of the part's probes, in the order in which they were made.
      probes: how often each was come to.
      predicates: what became of each.
      lost: records of any part for which there was no room.
      rows: the records of a part that wants them so; to be gone through before `made` returns.
      problem: why there is less than was wanted, in words; empty where there is all of it.
    """

    records: tuple[Record, ...] = ()
    probes: Mapping[str, ProbeCount] = field(default_factory=dict)
    predicates: tuple[PredicateCount, ...] = ()
    lost: int = 0
    rows: Iterable[Row] = ()
    problem: str = ""


class Look(Protocol):
    """One part's look at one guest."""

    @property
    def wanted(self) -> Wanted:
        """Its piece of the watch."""

    def made(self, looked: Looked) -> object:
        """What the run's record has of it; None for nothing."""


class Part(Protocol):
    """Who looks into guests."""

    @property
    def name(self) -> str:
        """The field of a `RunRecord` that holds what it made."""

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> Look:
        """A look at a guest with this kernel, that plays this plan on so many CPUs.

        Raises:
          UsageError: it cannot be looked at: the kernel has no such symbol (UnknownName).
        """

    def without(self, why: str) -> object:
        """The same where nothing could be looked at, for that reason."""
