# SPDX-License-Identifier: Apache-2.0
"""What calls cost, in instructions: the same numbers on every machine, busy or idle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Of all calls of one callback or function.

    Attributes:
      whose: `op.CALLBACK` of the scheduler, `kernel.FUNCTION` around it, or `kernel.switch`: from
        the beginning of __schedule to where another task's stack is taken.
      instructions: of each call, sorted; with all that it called, and interrupts that came.
    """

    whose: str
    instructions: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many calls there were."""
        return len(self.instructions)

    @property
    def total(self) -> int:
        """Of all calls together."""
        return sum(self.instructions)

    @property
    def maximum(self) -> int:
        """Of the dearest call."""
        return self.instructions[-1]

    def percentile(self, hundredths: int) -> int:
        """The smallest number that so many of a hundred calls do not exceed."""
        rank = -(-self.count * hundredths // 100)
        return self.instructions[max(rank, 1) - 1]


@dataclass(frozen=True)
class OpCosts:
    """Of one run: all that was called at least once, by name.

    problem: why there is nothing, or less; empty where all is well.  asleep: callbacks that may
    sleep, whose calls are not counted.
    """

    costs: tuple[Cost, ...] = ()
    asleep: tuple[str, ...] = ()
    problem: str = ""


def costs_of(calls: dict[str, Sequence[int]]) -> tuple[Cost, ...]:
    """Costs by the instructions of each call, unsorted."""
    return tuple(
        Cost(whose, tuple(sorted(counted))) for whose, counted in sorted(calls.items()) if counted
    )
