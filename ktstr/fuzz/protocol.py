# SPDX-License-Identifier: Apache-2.0
"""What who fuzzes and who plays say to each other: JSON, a line each, on a pipe.

The player is the program of a ktstr_test target with `--play`: it says `Ready` once, then answers
each `Play` with a `Played`, in their order, until its input ends.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from ktstr.fuzz.trial import Trial
from ktstr.model.codec import KIND, decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.machine.numa import NumaLayout
from ktstr.model.plan import SchedulerPlan
from ktstr.model.verdict.checks import Checks

VERSION = 1
T = TypeVar("T")


@dataclass(frozen=True)
class Ready:
    """The player's machine.

    kernel: digest of its kernel's file.  subject: of its scheduler, empty without one.
    """

    version: int
    label: str
    topology: str
    numa: NumaLayout | None
    scheduler: SchedulerPlan | None
    kernel: str
    subject: str


@dataclass(frozen=True)
class Play:
    """A trial to be played, and what it is judged by beside the default checks.

    covers: whether what code it reaches is to be told.
    """

    number: int
    trial: Trial
    checks: Checks
    covers: bool = True


@dataclass(frozen=True)
class Got:
    """A worker's CPU time, by the order in which workers were started; `name` is the cgroup's."""

    name: str
    cpu_ns: int
    wall_ns: int


@dataclass(frozen=True)
class Played:
    """What came of it.

    verdict, kind, subject, message: of the judgement and its first cause; empty where there is
    none.  others: words of what else was found.  ground: stretches of code that ran.  lacks: why
    there is less of it.
    """

    number: int
    verdict: str
    kind: str
    subject: str
    message: str
    others: tuple[str, ...]
    workers: tuple[Got, ...]
    ground: tuple[tuple[int, ...], ...]
    seconds: float
    lacks: str = ""


_MESSAGES = tuple(each.__name__ for each in (Ready, Play, Played))


def line_of(message: Ready | Play | Played) -> str:
    """A message as a line."""
    return json.dumps(encode(message), separators=(",", ":")) + "\n"


def is_message(line: str) -> bool:
    """Whether a line is a message, of this version or another; else some program has said it."""
    try:
        data: Any = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get(KIND) in _MESSAGES


def message_of(cls: type[T], line: str) -> T:
    """The message of a line.

    Raises:
        UsageError: it is none of this version.
    """
    try:
        data: Any = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{cls.__name__}: {line[:80]!r} is no JSON: {error}") from error
    return decode(cls, data)
