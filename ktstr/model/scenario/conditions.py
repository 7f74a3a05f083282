# SPDX-License-Identifier: Apache-2.0
"""What a scenario can wait for, and what it means when that does not come."""

from __future__ import annotations

import math
import operator
from enum import StrEnum

from ktstr.model.errors import UsageError
from ktstr.model.parameters import Parameters, parameters
from ktstr.model.scenario.inside import InsideCondition

RELATIONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@parameters
class Iterations(Parameters):
    """The workers of a cgroup, those it has now, have done this many iterations together."""

    cgroup: str
    at_least: int


@parameters
class WorkDone(Parameters):
    """The workers of a cgroup, those it has now, have done this many units of work together."""

    cgroup: str
    units: int


@parameters
class CpuTime(Parameters):
    """A cgroup has used this much CPU time since it was made (usage_usec of cpu.stat)."""

    cgroup: str
    seconds: float


@parameters
class EventSeen(Parameters):
    """The scenario's time line has an event of this name, whose detail holds `text`."""

    name: str
    text: str = ""


@parameters
class GlobalValue(Parameters):
    """A global variable of the scheduler compares as said: `op` is a key of `RELATIONS`.

    The scheduler must be one that the generic loader runs.
    """

    name: str
    op: str
    value: int


Condition = Iterations | WorkDone | CpuTime | EventSeen | GlobalValue | InsideCondition


class OnTimeout(StrEnum):
    """What a wait that ran into its timeout does: the first two end the scenario there."""

    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    GO_ON = "go_on"

    def __repr__(self) -> str:
        """As an author writes it: ops stand like that in the time line."""
        return f"{type(self).__name__}.{self.name}"


def check_wait(condition: Condition, timeout: float) -> None:
    """Refuses a wait whose condition holds from the start or never, or that never ends.

    Raises:
        UsageError: naming the condition and what of it is out of range.
    """
    if not math.isfinite(timeout) or timeout <= 0:
        raise UsageError(f"{condition}: timeout is {timeout}; it must be finite and above 0")
    match condition:
        case Iterations(_, amount) | WorkDone(_, amount) | CpuTime(_, amount):
            if not math.isfinite(amount) or amount <= 0:
                raise UsageError(f"{condition}: {amount} is no amount above 0 to wait for")
        case EventSeen(name):
            if not name:
                raise UsageError(f"{condition}: the event has no name")
        case GlobalValue(name, op):
            if not name or op not in RELATIONS:
                raise UsageError(
                    f"{condition}: it takes a variable's name and one of {', '.join(RELATIONS)}"
                )
