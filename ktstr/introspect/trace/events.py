# SPDX-License-Identifier: Apache-2.0
"""What was decided in a guest, one event after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

Value = int | str


class Event(NamedTuple):
    """One decision; there are hundreds of thousands.

    Attributes:
      at_ns: CLOCK_MONOTONIC of the guest.
      cpu: on which the kernel ran that decided.
      what: `waking`, `new`, `wakeup`, `enqueue`, `dequeue`, `dsq_insert`, `dsq_remove`, `pick`,
        `switch`, `migrate`, `preempt`, `tick`, `kick` or `op`.
      names: of its values.
      row: the values.
    """

    at_ns: int
    cpu: int
    what: str
    names: tuple[str, ...]
    row: tuple[Value, ...]

    @property
    def values(self) -> dict[str, Value]:
        """By name; docs/tracing.md lists those of each kind."""
        return dict(zip(self.names, self.row, strict=True))


@dataclass(frozen=True)
class Decisions:
    """All of one run, in their order.

    Attributes:
      cpus: of the guest.
      events: those that there was room for.
      names: of tasks, by pid, the last that each had.
      cut: whether there was no room for what came behind them.
      lacks: in words, what this kernel does not show.
      problem: why there is nothing, or less; empty where all is well.
    """

    cpus: int
    events: Sequence[Event] = ()
    names: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({0: "idle"}))
    cut: bool = False
    lacks: tuple[str, ...] = ()
    problem: str = ""

    @property
    def ended_ns(self) -> int:
        """When the last event was; 0 without any."""
        return self.events[-1].at_ns if self.events else 0
