# SPDX-License-Identifier: Apache-2.0
"""Takes the snapshots that a test declares: the guest is held where each is due."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ktstr.introspect.invariants.compiler import compile_predicate
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.kernel.tick import tick_ns
from ktstr.introspect.monitor.part import TICKS
from ktstr.introspect.occasions.clock import HoldClock, clock_at_holds
from ktstr.introspect.occasions.number import condition, number_of
from ktstr.introspect.occasions.phases import marking
from ktstr.introspect.occasions.taken import Taken
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import ABSOLUTE, Period, Probe, Read
from ktstr.introspect.postmortem.held import taken_while_held
from ktstr.introspect.snapshot.state import Snapshot as State
from ktstr.model.errors import UsageError
from ktstr.model.plan import Plan
from ktstr.model.scenario.inside import Changed, Entered, Snapshot, most_of
from ktstr.model.verdict.relations import words
from ktstr.model.wire.phases import Phase

# What is looked for in the kernel lasts from before the scheduler comes until it is gone.
_WHOLE = (int(Phase.SCHEDULER), int(Phase.AFTER))
_BODY = (int(Phase.BODY), int(Phase.BODY))
# Between the number of a snapshot and where its probe stands.
_AT = "@"


class Snapshots:
    """The part of a run's record that is called `taken`."""

    name = "taken"

    def __init__(self, declared: Sequence[Snapshot]) -> None:
        self._declared = tuple(declared)

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> SnapshotLook:
        """A look that is right, or says what of this kernel is not as the author thought."""
        del plan
        clock = clock_at_holds(kernel, cpus)
        try:
            probes, predicates = _watched(kernel, self._declared)
        except UsageError as error:
            return SnapshotLook(kernel, self._declared, clock, mistake=str(error))
        timed = tuple(replace(each, reads=clock.reads) if each.hold else each for each in probes)
        return SnapshotLook(kernel, self._declared, clock, timed, predicates)

    def without(self, why: str) -> Taken:
        """None could be taken, for that reason."""
        return Taken(problem=why)


@dataclass
class SnapshotLook:
    """Looks at one guest; with a mistake at none."""

    kernel: Kernel
    declared: tuple[Snapshot, ...]
    clock: HoldClock
    probes: tuple[Probe, ...] = ()
    predicates: tuple[bytes, ...] = ()
    mistake: str = ""
    taken: list[State] = field(default_factory=list)
    # of each snapshot, at which of all holds it was taken
    at_holds: list[int] = field(default_factory=list)
    _holds: int = 0
    _times: dict[int, int] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        """A probe for each place, and the one that tells how far the test is."""
        return Wanted(self.probes, self.predicates, self.held)

    def made(self, looked: Looked) -> Taken:
        """The snapshots, in order."""
        times = self.clock.times([each for each in looked.records if _AT in each.probe])
        timed = (
            replace(each, monotonic_ns=times[at][1])
            if at < len(times) and times[at][0] == each.at_ns
            else each
            for each, at in zip(self.taken, self.at_holds, strict=True)
        )
        return Taken(tuple(timed), self.mistake or looked.problem, bool(self.mistake))

    def held(self, held: Held) -> None:
        """The guest stands, and goes on when this returns."""
        self._holds += 1
        number = int(held.probe.partition(_AT)[0])
        due = self.declared[number]
        times = self._times.get(number, 0) + 1
        if times > most_of(due):
            return
        self._times[number] = times
        name = due.name if most_of(due) == 1 else f"{due.name}[{times}]"
        found = taken_while_held(self.kernel, held, name)
        if found is not None:
            self.at_holds.append(self._holds - 1)
            self.taken.append(replace(found, name=name, cause=f"{_cause(due)}, on CPU {held.cpu}"))


def _watched(
    kernel: Kernel, declared: Sequence[Snapshot]
) -> tuple[tuple[Probe, ...], tuple[bytes, ...]]:
    """Raises UsageError for what this kernel has not, naming the snapshot."""
    mark, others = marking(kernel, 0)
    probes, predicates = [mark], [others]
    for number, each in enumerate(declared):
        try:
            if each.every is not None:
                probes += _periodic(kernel, number, each)
            elif isinstance(each.when, Entered):
                probes.append(_entered(kernel, number, each, each.when))
            elif each.when is not None:
                probes.append(_changed(kernel, number, each, each.when, predicates))
        except UsageError as error:
            raise UsageError(f"snapshot {each.name!r}: {error}") from error
    return tuple(probes), tuple(predicates)


def _periodic(kernel: Kernel, number: int, snapshot: Snapshot) -> Iterator[Probe]:
    """Where each class has its tick, all of one period.

    Raises UsageError where that is shorter than a tick.
    """
    jiffies = Read(ABSOLUTE, (kernel.symbol("jiffies_64"),), 8)
    asked_ns, tick = round((snapshot.every or 0.0) * 1e9), tick_ns(kernel)
    if asked_ns < tick:
        raise UsageError(
            f"every={snapshot.every} is less than a tick of kernel {kernel.release}, which takes "
            f"{tick / 1e9:.6g} s; give it that, or a kernel with a larger CONFIG_HZ"
        )
    least = math.ceil(asked_ns / tick)
    period = Period(jiffies, least, f"snapshot {number}")
    for name in filter(kernel.has_symbol, TICKS):
        where = kernel.symbol_range(name)
        yield Probe(
            f"{number}{_AT}{name}",
            where.start,
            where.stop,
            period=period,
            hold=True,
            limit=most_of(snapshot),
            phases=_BODY,
        )


def _entered(kernel: Kernel, number: int, snapshot: Snapshot, when: Entered) -> Probe:
    where = kernel.symbol_range(when.function)
    return Probe(
        f"{number}{_AT}{when.function}",
        where.start,
        where.stop,
        hold=True,
        limit=most_of(snapshot),
        skip=when.times - 1,
        phases=_WHOLE,
    )


def _changed(
    kernel: Kernel, number: int, snapshot: Snapshot, when: Changed, predicates: list[bytes]
) -> Probe:
    place = number_of(kernel, when)
    probe = Probe(
        f"{number}{_AT}{when.name}",
        place.start,
        place.start + place.field.size,
        hold=True,
        limit=most_of(snapshot),
        changes=True,
        area=place.cpu,
        phases=_WHOLE,
    )
    if when.relation is None:
        return probe
    # a record is made where a predicate fails
    otherwise = f"not {condition(when.relation, place.expression())}"
    predicates.append(compile_predicate(otherwise, kernel).program.encode())
    return replace(probe, predicates=(len(predicates) - 1,), every=True)


def _cause(snapshot: Snapshot) -> str:
    match snapshot.when:
        case Entered(function, times):
            return f"{function} was entered" + (f", {times} times or more" if times > 1 else "")
        case Changed(name, relation):
            whose = f" of CPU {snapshot.when.cpu}" if snapshot.when.cpu is not None else ""
            now = f" and is {words(relation)}" if relation is not None else ""
            return f"{name}{whose} has changed{now}"
    return f"{snapshot.every:g} s have passed"
