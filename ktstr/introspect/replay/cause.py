# SPDX-License-Identifier: Apache-2.0
"""Why a run is played again: what failed, when, and whom it was about, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ktstr.introspect.invariants.findings import Broken


@dataclass(frozen=True)
class Moment:
    """A call of a function that a failure begins with.

    at_ns: of virtual time.  number: its first argument that says what kind it is; of a warning,
    the line of the source.
    """

    function: str
    cpu: int
    at_ns: int
    number: int


@dataclass(frozen=True)
class Anchor:
    """One instant on three clocks: virtual time, a runqueue's clock, CLOCK_MONOTONIC.

    They go at one pace. The runqueue's is behind by up to a tick.
    """

    at_ns: int
    clock_ns: int
    monotonic_ns: int

    def of_clock(self, clock_ns: int) -> int:
        """Virtual time when a runqueue's clock was so far, to some milliseconds."""
        return max(0, self.at_ns + clock_ns - self.clock_ns)

    def of_monotonic(self, monotonic_ns: int) -> int:
        """Virtual time at an instant of CLOCK_MONOTONIC."""
        return max(0, self.at_ns + monotonic_ns - self.monotonic_ns)


@dataclass(frozen=True)
class Moments:
    """All of one run, in order.  anchor: None where no look at its clocks was of use."""

    found: tuple[Moment, ...] = ()
    anchor: Anchor | None = None

    def first(self, functions: tuple[str, ...], least: int = 0) -> Moment | None:
        """The first call of one of these functions whose number is `least` or more."""
        for each in self.found:
            if each.function in functions and each.number & 0xFFFF_FFFF >= least:
                return each
        return None


class What(StrEnum):
    """What happened."""

    EJECTED = "ejection"
    PANICKED = "panic"
    CRASHED = "crash"
    WARNED = "warning"
    HUNG = "hang"
    BROKE = "broken invariant"
    PASSED = "passed limit"


@dataclass(frozen=True)
class Cause:
    """What is known of a failure from its first run.

    Attributes:
      what: it was.
      kind, message: of the first cause, as its result has them.
      at_ns: when, of virtual time: where the replay stops.
      exact: whether that is the instant of the failure itself, to the instruction.
      since_ns: of virtual time: from when on the task's events are of interest.
      function: at whose first instruction that is; empty for a tick.
      pid, comm: the task it is about, as far as the first run says it; 0 and empty where not.
      callers: functions that were on the stack of who failed, as far as the first run says it.
      broken: the invariant that did not hold.
      cpus: whose waiting tasks it is about, where no one task is known; empty for none.
      waits: whether the task waited for a CPU then, as it has to when this comes again.
    """

    what: What
    kind: str
    message: str
    at_ns: int
    exact: bool
    since_ns: int
    function: str = ""
    pid: int = 0
    comm: str = ""
    callers: tuple[str, ...] = ()
    broken: Broken | None = None
    cpus: frozenset[int] = frozenset()
    waits: bool = False
