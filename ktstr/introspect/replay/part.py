# SPDX-License-Identifier: Apache-2.0
"""Looks at a run that is played again, up to the instant at which it fails.

The guest is held there, read, and ended: what comes after it is known.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from ktstr.introspect.debugger.snapshots import with_maps
from ktstr.introspect.debugger.stacks import Stack, Unwinder
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import Period, Probe, When
from ktstr.introspect.postmortem.bounded import BoundedMemory
from ktstr.introspect.postmortem.programs import Programs as Names
from ktstr.introspect.replay.broken import program_of
from ktstr.introspect.replay.calls import ENTERED, FAR
from ktstr.introspect.replay.cause import Cause
from ktstr.introspect.replay.functions import Slot, Watched, task_fields, watched
from ktstr.introspect.replay.kinds import (
    EARLIER_NS,
    KINDS,
    MOST_FAR,
    MOST_NEAR,
    NEAR_NS,
)
from ktstr.introspect.replay.moments import VIRTUAL
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.take import Taking
from ktstr.introspect.snapshot.view import View
from ktstr.introspect.trace.clock import Keeper
from ktstr.introspect.trace.programs import CALLED, Programs
from ktstr.model.errors import InfraError
from ktstr.model.plan import Plan

STOP, BEFORE = "stop", "before"
_TICK = "sched_tick"
# What points to the arguments of a callback, and how many may be tasks (yield has two).
_CONTEXT, _WORD, _OPS_ARGUMENTS = "rdi", 8, 2
# Bytes of records beside those of all who look; bytes and host seconds for one look at memory.
_ROOM = 64 << 20
_MOST_BYTES, _SECONDS = 64 << 20, 20.0


@dataclass(frozen=True)
class Stood:
    """What was found where the guest stood.

    stacks: of whoever ran on that CPU, by pid 0, and of the task that it is about, by its own.
    """

    cpu: int
    snapshot: Snapshot
    stacks: dict[int, Stack] = field(default_factory=dict)
    names: Callable[[int], str | None] = lambda _: None


@dataclass
class Seen:
    """All that one replay has shown, for `made.page` to make a page of.

    before, stood: None where the guest was not held there.  looked: the records.  of_ops: what is
    read at both ends of a callback's call, of each of its first arguments as if that were a task.
    """

    watched: dict[str, Watched]
    programs: Programs
    keeper: Keeper
    before: Snapshot | None = None
    stood: Stood | None = None
    looked: Looked = field(default_factory=Looked)
    of_ops: tuple[tuple[Slot, ...], ...] = ()
    missing: tuple[str, ...] = ()


class ReplayPart:
    """Who looks at a replay; leaves nothing in the record. `seen` has what there was, then."""

    name = "replay"

    def __init__(self, cause: Cause) -> None:
        self._cause = cause
        self._kernel: Kernel | None = None
        self.wanted = Wanted()
        self.seen: Seen | None = None
        self.problem = ""

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> ReplayPart:
        """Itself, with probes for that kernel.

        Raises:
            UnknownName: the kernel has no function to stand at.
        """
        del plan, cpus
        self._kernel, keeper = kernel, Keeper.of(kernel)
        cause = self._cause
        names = (*KINDS[cause.what].functions, *cause.callers)
        functions: dict[str, Watched] = {}
        missing: list[str] = []
        # asked first: an error would look for names that are near
        for name in filter(kernel.has_symbol, dict.fromkeys(names)):
            found = watched(kernel, name)
            if found is not None:
                functions[name] = found
            elif name in cause.callers:
                missing.append(f"{name} cannot be watched: its types are not known")
        programs = Programs(kernel, costs=False)
        of_ops = tuple(task_fields(kernel, _CONTEXT, _WORD * i) for i in range(_OPS_ARGUMENTS))
        self.seen = Seen(functions, programs, keeper, of_ops=of_ops, missing=tuple(missing))
        predicates, stop = self._stop(kernel, keeper)
        # the stop last: who is held there has been seen by the others
        calls = (*self._calls(functions), *self._programs(programs, of_ops))
        probes = (self._before(kernel, keeper), *calls, stop)
        self.wanted = Wanted(probes, predicates, self.held, room=_ROOM)
        return self

    def made(self, looked: Looked) -> None:
        """Keeps the records; the page is made when the run has ended."""
        assert self.seen is not None
        self.seen.looked = looked
        self.problem = self.problem or looked.problem

    def without(self, why: str) -> None:
        """Nothing could be looked at."""
        self.problem = why

    def held(self, held: Held) -> None:
        """The guest stands where its state is kept, or where it fails: there it ends."""
        assert self.seen is not None
        if held.probe == BEFORE:
            self.seen.before = self._found(held, stacks=False).snapshot
            return
        if self.seen.stood is not None:
            return
        try:
            self.seen.stood = self._found(held, stacks=True)
        finally:
            os.kill(held.pid, signal.SIGKILL)

    def _stop(self, kernel: Kernel, keeper: Keeper) -> tuple[tuple[bytes, ...], Probe]:
        cause = self._cause
        stop = _once(STOP, kernel, keeper, cause.function or _TICK, cause.at_ns)
        if cause.broken is None:
            return (), stop
        program, when = program_of(kernel, cause.broken)
        return (program,), replace(stop, when=when, predicates=(0,))

    def _before(self, kernel: Kernel, keeper: Keeper) -> Probe:
        return _once(BEFORE, kernel, keeper, _TICK, max(0, self._cause.at_ns - NEAR_NS))

    def _windows(self) -> Iterator[tuple[str, int, int]]:
        """The windows in which all is watched: a name, when it begins, and for how many calls."""
        near = max(0, self._cause.at_ns - NEAR_NS)
        yield "", near, MOST_NEAR
        if self._cause.since_ns < near - EARLIER_NS:
            yield FAR, max(0, self._cause.since_ns - EARLIER_NS), MOST_FAR

    def _calls(self, functions: dict[str, Watched]) -> Iterator[Probe]:
        for prefix, begins, most in self._windows():
            for name, each in functions.items():
                yield from each.probes(prefix + name, begins, most)

    def _programs(
        self, programs: Programs, of_ops: tuple[tuple[Slot, ...], ...]
    ) -> Iterator[Probe]:
        for probe in programs.probes if KINDS[self._cause.what].ops else ():
            if probe.name != CALLED:
                yield probe
                continue
            fields = tuple(slot.read for each in of_ops for slot in each)
            reads = (*probe.reads, *fields)
            for prefix, begins, most in self._windows():
                period, limit = Period(VIRTUAL, begins), 8 * most
                gated = replace(probe, reads=reads, period=period, begins=True, limit=limit)
                yield replace(gated, name=prefix + CALLED)
                yield replace(gated, name=prefix + ENTERED, when=When.ENTRY)

    def _found(self, held: Held, *, stacks: bool) -> Stood:
        """The guest's state; what cannot be read is named in it."""
        assert self._kernel is not None
        kernel = self._kernel
        try:
            physical = BoundedMemory(memory_of(held.pid), _SECONDS, _MOST_BYTES)
            view = View(kernel, kernel_memory(kernel, physical))
            taking = Taking(view)
            snapshot = with_maps(kernel, view.memory, taking.snapshot(held.probe))
            if not stacks:
                return Stood(held.cpu, snapshot)
            names = Names(view).where
            unwinder = Unwinder(kernel, view.memory, names)
            found = {0: unwinder.running(held.registers)}
            task = snapshot.task(self._cause.pid) if self._cause.pid else None
            if task is not None and task.address and task.state != "running":
                found[task.pid] = unwinder.sleeping(task.address)
            return Stood(held.cpu, snapshot, found, names)
        except (InfraError, UnknownName) as error:
            return Stood(held.cpu, Snapshot("", 0, kernel.release, missing=(str(error),)))


def _once(name: str, kernel: Kernel, keeper: Keeper, function: str, begins_ns: int) -> Probe:
    """Holds the guest at the first call of a function from then on, in virtual time."""
    place = kernel.symbol_range(function)
    return Probe(
        name,
        place.start,
        place.stop,
        reads=(VIRTUAL, keeper.read),
        period=Period(VIRTUAL, begins_ns),
        begins=True,
        hold=True,
        limit=1,
    )
