# SPDX-License-Identifier: Apache-2.0
"""Named deadlines that nest: no inner one ends after the outer it was started within."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ktstr.host.accel import Accel

# How much slower than under KVM a guest may be on a loaded machine before it counts as hung.
# Measured boots are 1.3 s (tcg) and 2.5 s (virtual) at one vCPU, two to four times that at eight.
_SLOWNESS = {Accel.KVM: 1.0, Accel.TCG: 4.0, Accel.VIRTUAL: 4.0}
# vCPUs that double a deadline: bringing CPUs up and taking turns cost time for each.
_VCPUS_PER_DOUBLING = 8


@dataclass(frozen=True)
class Deadline:
    """One wait: what for, how long at most, and the moment (time.monotonic) it ends.

    `cut_by` names the outer deadline that left less than the seconds asked for, or is empty.
    """

    name: str
    seconds: float
    ends_at: float
    cut_by: str = ""

    def describe(self) -> str:
        """One line for a report."""
        cut = f", cut short by the deadline of {self.cut_by}" if self.cut_by else ""
        return f"{self.name}: not reached within {self.seconds:.1f} s{cut}"


def scaled(seconds: float, accel: Accel, vcpus: int) -> float:
    """`seconds` that suffice for one vCPU under KVM, for this accelerator and number of vCPUs."""
    return seconds * _SLOWNESS[accel] * (1 + (vcpus - 1) / _VCPUS_PER_DOUBLING)


class Deadlines:
    """The deadlines in force, outermost first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stack: list[Deadline] = []

    def start(self, name: str, seconds: float) -> Deadline:
        """Starts a wait inside the innermost one and returns it.

        Raises:
          ValueError: a deadline of this name is in force.
        """
        if any(deadline.name == name for deadline in self._stack):
            raise ValueError(f"deadline {name!r} is already in force")
        now = self._clock()
        deadline = Deadline(name, seconds, now + seconds)
        if self._stack and self._stack[-1].ends_at < deadline.ends_at:
            outer = self._stack[-1]
            left = max(0.0, outer.ends_at - now)
            deadline = Deadline(name, left, outer.ends_at, cut_by=outer.cut_by or outer.name)
        self._stack.append(deadline)
        return deadline

    def finish(self, name: str) -> None:
        """Ends the wait `name`, and all that were started within it.

        Raises:
          ValueError: no deadline of this name is in force.
        """
        for index, deadline in enumerate(self._stack):
            if deadline.name == name:
                del self._stack[index:]
                return
        raise ValueError(f"deadline {name!r} is not in force")

    def put_off(self, seconds: float) -> None:
        """Has all of them end so much later: nothing could come nearer meanwhile."""
        if seconds:
            self._stack = [replace(each, ends_at=each.ends_at + seconds) for each in self._stack]

    def remaining(self) -> float | None:
        """Seconds until the next deadline, at least 0; None when none is in force."""
        if not self._stack:
            return None
        return max(0.0, min(each.ends_at for each in self._stack) - self._clock())

    def is_in_force(self, deadline: Deadline) -> bool:
        """Whether that wait goes on, and ends then."""
        return deadline in self._stack

    def expired(self) -> Deadline | None:
        """The innermost wait whose time is over, for it says best what did not happen."""
        now = self._clock()
        return next((each for each in reversed(self._stack) if each.ends_at <= now), None)
