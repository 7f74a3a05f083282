# SPDX-License-Identifier: Apache-2.0
"""Invariants as one of those that look into guests by QEMU's plugin."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ktstr.introspect.invariants.findings import (
    Broken,
    Counted,
    InvariantFindings,
    Lacked,
    Term,
)
from ktstr.introspect.invariants.invariant import Blame
from ktstr.introspect.invariants.invariant import When as Moment
from ktstr.introspect.invariants.library.all import INVARIANTS
from ktstr.introspect.invariants.plan import Looked, Plan, is_proven, plan, version_of
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin import part
from ktstr.introspect.plugin.facts import kernel_facts
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.records import Record
from ktstr.introspect.plugin.text import c_text
from ktstr.introspect.plugin.watch import EACH_CPU, Probe, Read, When
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.plan import Plan as TestPlan

# TASK_COMM_LEN of include/linux/sched.h
_COMM = 16
# the layer of a check that nobody asked for by name
_DEFAULT = "default"
# the snapshot where the first one is broken
FIRST = "first-broken-invariant"


class Invariants:
    """The part of a run's record that is called `invariants`."""

    name = "invariants"

    def look(self, kernel: Kernel, plan: TestPlan, cpus: int) -> InvariantLook:
        """Looks at all that the kernel has, in every guest.

        Raises:
            UsageError: the kernel lacks what every look needs.
        """
        look = _look(kernel)
        # what a kernel may break without a fault is no failure's cause
        asked = plan.check_layers.get("invariants", _DEFAULT) != _DEFAULT
        judged = plan.checks.invariants and (look.proven or asked)
        return look.holding() if judged else look

    def without(self, why: str) -> InvariantFindings:
        return InvariantFindings(problem=why)


@functools.lru_cache(maxsize=1)
def _look(kernel: Kernel) -> InvariantLook:
    """A target's tests have one kernel, for which the library is compiled once."""
    return look_of(plan(INVARIANTS, kernel, version_of(kernel.release)), kernel)


def look_of(whole: Plan, kernel: Kernel) -> InvariantLook:
    """A look at all of a plan that was made for this kernel."""
    wanted = part.Wanted(*_wanted(whole, kernel))
    return InvariantLook(whole, wanted, is_proven(kernel.release), kernel)


@dataclass(frozen=True)
class InvariantLook:
    """The library compiled for a kernel, and what the plugin is told of it."""

    plan: Plan
    wanted: part.Wanted
    proven: bool
    kernel: Kernel
    first: list[Snapshot] = field(default_factory=list)

    def made(self, looked: part.Looked) -> InvariantFindings:
        """What came of it: counts by invariant, over all of its instants."""
        return InvariantFindings(
            tuple(_counted(self.plan.looked, looked)),
            tuple(_broken(self.plan.looked, looked.records)),
            tuple(
                Lacked(each.invariant.name, each.reason, each.option) for each in self.plan.lacking
            ),
            looked.problem,
            self.proven,
            self.first[0] if self.first else None,
        )

    def holding(self) -> InvariantLook:
        """A look of its own that holds the guest where one is broken, and keeps the first."""
        probes = tuple(replace(each, hold=True) for each in self.wanted.probes)
        mine = replace(self, first=[])
        return replace(mine, wanted=replace(self.wanted, probes=probes, hold=mine.held))

    def held(self, held: Held) -> None:
        """The guest stands where one was found broken, and goes on when this returns."""
        if self.first:
            return
        # late: hardly any guest breaks one
        from ktstr.introspect.postmortem.held import taken_while_held

        found = taken_while_held(self.kernel, held, FIRST)
        if found is not None:
            where = f"an invariant is broken at {held.probe}, on CPU {held.cpu}"
            self.first.append(replace(found, name=FIRST, cause=where))


def _wanted(whole: Plan, kernel: Kernel) -> tuple[tuple[Probe, ...], tuple[bytes, ...]]:
    at: dict[str, list[int]] = {}
    for number, each in enumerate(whole.looked):
        at.setdefault(each.instant.name, []).append(number)
    reads = _reads(kernel)
    probes = []
    for name, numbers in at.items():
        first = whole.looked[numbers[0]]
        where = kernel.symbol_range(first.function)
        when = When.ENTRY if first.instant.when is Moment.ENTRY else When.RETURN
        probes.append(
            Probe(name, where.start, where.stop, when=when, reads=reads, predicates=tuple(numbers))
        )
    return tuple(probes), tuple(each.program.encode() for each in whole.looked)


def _reads(kernel: Kernel) -> tuple[Read, ...]:
    """Of each CPU: its runqueue's clock, and the name and number of the task that runs."""
    queue, task = kernel.symbol("runqueues"), kernel_facts(kernel).current_task
    clock = queue + kernel.field("rq", "clock").offset
    comm, pid = (kernel.field("task_struct", name).offset for name in ("comm", "pid"))
    return (
        Read(EACH_CPU, (clock,), 8),
        Read(EACH_CPU, (task, comm), _COMM),
        Read(EACH_CPU, (task, pid), 4),
    )


def _counted(looked: Sequence[Looked], seen: part.Looked) -> Iterator[Counted]:
    sums: dict[str, list[int]] = {}
    for each, count in zip(looked, seen.predicates, strict=False):
        whole = sums.setdefault(each.invariant.name, [0, 0, 0])
        for number, value in enumerate((count.held, count.failed, count.unknown)):
            whole[number] += value
    for name, (held, failed, unknown) in sums.items():
        yield Counted(name, held, failed, unknown)


def _broken(looked: Sequence[Looked], records: Sequence[Record]) -> Iterator[Broken]:
    for record in records:
        clocks = record.runs[: len(record.runs) // 3]
        names = record.runs[len(clocks) : 2 * len(clocks)]
        numbers = record.runs[2 * len(clocks) :]
        for failed in record.failed:
            each = looked[failed.predicate]
            terms = zip(each.terms, failed.terms, strict=False)
            yield Broken(
                each.invariant.name,
                each.invariant.says,
                each.invariant.source,
                each.invariant.blame is Blame.SCHEDULER,
                f"{each.instant.when.value} of {each.function}",
                record.cpu,
                struct.unpack("<Q", clocks[record.cpu])[0],
                c_text(names[record.cpu]),
                struct.unpack("<i", numbers[record.cpu])[0],
                tuple(Term(text, value) for text, value in terms),
            )
