# SPDX-License-Identifier: Apache-2.0
"""What a replay has shown, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How a failure was looked at once more."""

    PROBES = "probes of QEMU's plugin"
    """The same run, held where it failed."""
    PROGRAMS = "programs in the guest"
    """Another run of the same plan, in real time."""


@dataclass(frozen=True)
class Call:
    """A call of a function of the kernel, or of a program of the scheduler.

    Attributes:
      at_ns: when it began, CLOCK_MONOTONIC of the guest.
      cpu: that called.
      depth: in how many of the other calls that are watched it was made.
      function: its name.
      arguments: `name=value`, decoded by their types.
      result: decoded likewise; empty of one that returns nothing, or had not returned.
      took_ns: None: it was under way when the guest failed.
      changed: what was different at its return, as `p.scx.slice 5 -> 0`.
    """

    at_ns: int
    cpu: int
    depth: int
    function: str
    arguments: tuple[str, ...] = ()
    result: str = ""
    took_ns: int | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Happened:
    """A scheduling event of the task: when, on which CPU, and which in words."""

    at_ns: int
    cpu: int
    event: str


@dataclass(frozen=True)
class Replay:
    """The page.

    Attributes:
      what: that happened: an ejection, a panic, ...
      failure: the first cause, in the result's words.
      again: whether it came again; of PROBES, at the same instant where that is known.
      problem: why there is no page, or less of it; empty where all is there.
      at_ns: where the guest stood, CLOCK_MONOTONIC.
      cpu: that stood there.
      function: that it was about to run, or the tick that came in.
      task, pid: whom it is about.  why: how that is known.
      stack: who had called that function, innermost first; stack_of: of which task.
      calls: those that led there, in their order; calls_left_out: so many others were seen.
      changes: what was different at the end of the last `changes_ns` before.
      events: the task's last ones, in their order.
      missing: what could not be read or watched, each with its reason.
      way: how it was looked at; empty where it was not.
      second: of PROGRAMS: the first cause of the second run; empty where that did not fail.
      compared_by: what the two were held against each other by, in words.
    """

    what: str
    failure: str
    again: bool
    problem: str = ""
    at_ns: int = 0
    cpu: int = 0
    function: str = ""
    task: str = ""
    pid: int = 0
    why: str = ""
    stack: tuple[str, ...] = ()
    stack_of: str = ""
    calls: tuple[Call, ...] = ()
    calls_left_out: int = 0
    changes: tuple[str, ...] = ()
    changes_ns: int = 0
    events: tuple[Happened, ...] = ()
    missing: tuple[str, ...] = ()
    way: str = ""
    second: str = ""
    compared_by: str = ""
