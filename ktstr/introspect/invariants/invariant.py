# SPDX-License-Identifier: Apache-2.0
"""What an invariant is, and when one looks at it: data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """The part of the scheduler that an invariant speaks of."""

    QUEUE = "runqueue"
    TASK = "task"
    FAIR = "fair queue"
    ENTITY = "fair entity"
    GROUP = "task group"
    LEAF = "leaf list"
    THROTTLING = "throttling"
    PELT = "PELT"
    REALTIME = "real time"
    DEADLINE = "deadline"
    SERVER = "deadline server"
    EXT = "sched_ext"
    DSQ = "dispatch queue"
    CLAMP = "uclamp"


class Blame(StrEnum):
    """Whose fault it is where an invariant does not hold."""

    KERNEL = "the kernel"
    SCHEDULER = "the scheduler"
    """A BPF scheduler can break it by what it writes, with a kernel that is right."""


class When(StrEnum):
    ENTRY = "entry"
    RETURN = "return"


@dataclass(frozen=True)
class Instant:
    """Where in a kernel one looks.

    functions: names of the function, the first that a kernel has; its suffixes of a compiler are
    names of their own.  names: expressions for what an invariant may speak of there; the function's
    arguments are those of its call.  needs: another function, which a kernel has only where it is
    not inlined; without it what holds at the instant does not hold yet, or no longer.
    """

    name: str
    functions: tuple[str, ...]
    when: When
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    needs: str = ""

    def says(self) -> str:
        """For people: `return of enqueue_task`."""
        return f"{self.when.value} of {min(self.functions, key=len)}"


# (major, minor) of a kernel's release
Version = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """Something that always holds at some instants.

    name: unique among those of one version.  says: in a sentence.  source: the kernel's file and
    functions that it was read from.  at: where one looks.  given: what it speaks of, an expression;
    where that is 0, nothing is said.  holds: the predicate.  names: names of its own, for both.
    since, until: the versions in which it holds, the last one left out.
    """

    name: str
    says: str
    category: Category
    source: str
    at: tuple[Instant, ...]
    holds: str
    given: str = ""
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    blame: Blame = Blame.KERNEL
    since: Version = (6, 12)
    until: Version | None = None

    def is_of(self, version: Version) -> bool:
        """Whether it holds in a kernel of that version."""
        return self.since <= version and (self.until is None or version < self.until)
