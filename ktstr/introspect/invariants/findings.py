# SPDX-License-Identifier: Apache-2.0
"""What was found of a run's invariants: counts of all, and the first failures of each."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.snapshot.state import Snapshot


@dataclass(frozen=True)
class Counted:
    """At how many instants an invariant held, failed, and could not be told.

    Instants at which what it speaks of was not there are not among them.
    """

    name: str
    held: int
    failed: int
    unknown: int


@dataclass(frozen=True)
class Term:
    """A part of the predicate, and its value as 64 bits with a sign."""

    text: str
    value: int

    def says(self) -> str:
        """`rq.nr_running = 3`; addresses of the kernel in hexadecimal."""
        is_address = self.value < -(1 << 40)
        return (
            f"{self.text} = {self.value & (1 << 64) - 1:#x}"
            if is_address
            else (f"{self.text} = {self.value}")
        )


@dataclass(frozen=True)
class Broken:
    """An invariant that did not hold.

    says: the invariant in a sentence.  source: where in the kernel it was read.  of_scheduler: a
    BPF scheduler can break it with a kernel that is right.  instant: in words.  cpu: that came to
    it.  clock_ns: of that CPU's runqueue.  task, pid: that ran there.
    """

    name: str
    says: str
    source: str
    of_scheduler: bool
    instant: str
    cpu: int
    clock_ns: int
    task: str
    pid: int
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Lacked:
    """An invariant that could not be looked at, and what the kernel lacks for it.

    option: of the configuration that the kernel was built without, so that it has nothing that the
    invariant speaks of; empty where that is not why.
    """

    name: str
    reason: str
    option: str = ""


@dataclass(frozen=True)
class InvariantFindings:
    """What was seen of all invariants.

    counted: by the library's order, those that were looked for.  broken: in the order in which
    they were found, a few of each.  problem: why there is less than was wanted; empty where there
    is all of it.  proven: the library was seen to hold in kernels of this version.  first: the
    guest where the first of them was broken; of a run that was read back among its snapshots.
    """

    counted: tuple[Counted, ...] = ()
    broken: tuple[Broken, ...] = ()
    lacked: tuple[Lacked, ...] = ()
    problem: str = ""
    proven: bool = True
    first: Snapshot | None = None

    @property
    def looks(self) -> int:
        """At how many instants anything could be told of any."""
        return sum(each.held + each.failed for each in self.counted)
