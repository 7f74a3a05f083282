# SPDX-License-Identifier: Apache-2.0
"""The work that a test function has in the background, from its first start to the end of all."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ktstr.guest.function.fits import check_fits
from ktstr.guest.function.handles import CgroupHandle, WorkersHandle
from ktstr.guest.function.waiting import Waiter
from ktstr.guest.scenario.population import Population
from ktstr.guest.scenario.timeline import Timeline
from ktstr.guest.system.failures import Failures
from ktstr.guest.system.view import online_cpus
from ktstr.model.errors import UsageError
from ktstr.model.facts import ScenarioFacts, StepFacts
from ktstr.model.scenario.background import BACKGROUND
from ktstr.model.scenario.parts import made_in
from ktstr.model.scenario.scenario import (
    AddCgroupDef,
    Backdrop,
    CgroupDef,
    Freeze,
    OfflineCpu,
    Op,
    Scenario,
    Spawn,
    SpawnHost,
    Step,
)
from ktstr.model.verdict.checks import check_checks
from ktstr.model.wire.events import EventName
from ktstr.model.work.work import Work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ktstr.guest.scenario.phases import Watcher
    from ktstr.guest.scenario.population import Stage
    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.cgroups import CgroupTree
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.guest.workers.group import WorkerGroup
    from ktstr.model.facts import WorkerFacts
    from ktstr.model.machine.cpuset import CpusetSpec
    from ktstr.model.machine.topology import TopologyView
    from ktstr.model.plan import Plan
    from ktstr.model.scenario.limits import Limits
    from ktstr.model.verdict.checks import Checks


@dataclass
class _Running:
    """Workers that have been started: their handle's step, and what it is to be judged by."""

    handle: WorkersHandle
    begun_ns: int
    name: str
    checks: Checks | None


class Background:
    """Starts workers and makes cgroups for a test function, and tells of them as of a scenario.

    Each handle is a step of it, and each phase; they may overlap, as no scenario's steps do.
    """

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        tree: CgroupTree,
        reactor: Reactor,
        sink: Sink,
        subject: Subject,
        witness: Watcher | None,
    ) -> None:
        self._plan, self._stage, self._tree = plan, stage, tree
        self._subject, self._witness = subject, witness
        self._timeline = Timeline(sink)
        self._people = Population(stage, tree, reactor, self._timeline, online_cpus, "b")
        self._waiter = Waiter(reactor, subject, self._timeline)
        self._cgroups: dict[str, CgroupHandle] = {}
        self._running: dict[int, _Running] = {}
        self._steps: list[StepFacts] = []
        self._next, self._began_ns = BACKGROUND, time.monotonic_ns()
        self._within = ""

    @property
    def view(self) -> TopologyView:
        """The machine."""
        return self._stage.view

    @property
    def people(self) -> Population:
        """The cgroups and workers themselves."""
        return self._people

    @property
    def waiter(self) -> Waiter:
        """Who carries out waits."""
        return self._waiter

    def make(
        self, name: str, cpuset: CpusetSpec | None, limits: Limits, parent: CgroupHandle | None
    ) -> CgroupHandle:
        """Makes a cgroup, below `parent` if there is one.

        Raises:
            UsageError: it cannot be made so on this machine, or there is one of this name.
            InfraError: the kernel refuses.
        """
        path = f"{parent.name}/{name}" if parent is not None else name
        definition = CgroupDef(path, cpuset, None, limits)
        if self._tree.exists(path):
            raise UsageError(f"cgroup {path!r} exists already")
        self.check(AddCgroupDef(definition), f"cgroup {path!r}")
        self._tree.on_create = self._witness.measure if self._witness is not None else None
        try:
            self._people.define(definition, None)
        finally:
            self._tree.on_create = None
        handle = CgroupHandle(self, path, definition)
        self._cgroups[path] = handle
        return handle

    def start(
        self, cgroup: CgroupHandle | None, work: Work, name: str, checks: Checks | None
    ) -> WorkersHandle:
        """Starts a group of workers, in a cgroup or beside the agent.

        Raises:
            UsageError: such workers cannot run there.
            InfraError: they cannot be made.
        """
        if checks is not None:
            check_checks(checks)
        path = cgroup.name if cgroup is not None else None
        self.check(
            SpawnHost(work) if path is None else Spawn(path, work),
            "start()" if path is None else f"start() in cgroup {path!r}",
        )
        index, kind = self._number(), type(work.type).__name__
        shown = name or f"{path or 'outside'}: {kind}"
        group = self._people.spawn(path, work, index)
        begun_ns = time.monotonic_ns()
        group.set_phase(index, begun_ns)
        group.start()
        handle = WorkersHandle(self, group, index, shown, work)
        self._running[index] = _Running(handle, begun_ns, shown, checks)
        self._timeline.event(EventName.STEP_START, index, shown)
        return handle

    def stop(self, group: WorkerGroup, index: int) -> tuple[WorkerFacts, ...]:
        """Ends the workers of a handle; returns their facts."""
        running = self._running.pop(index)
        ended_ns = time.monotonic_ns()
        group.set_phase(None, ended_ns)
        try:
            return self._people.end([group])
        finally:
            self._timeline.event(EventName.STEP_END, index)
            gone_ns = time.monotonic_ns()
            step = StepFacts(index, running.name, running.begun_ns, ended_ns, gone_ns)
            self._steps.append(replace(step, checks=running.checks))

    def remove(self, handle: CgroupHandle) -> None:
        """Ends the workers of a cgroup, and the cgroup."""
        for running in list(self._running.values()):
            if running.handle.group.cgroup == handle.name:
                running.handle.stop()
        self._people.remove(handle.name)
        del self._cgroups[handle.name]

    @contextmanager
    def phase(
        self, name: str, handles: tuple[WorkersHandle, ...], checks: Checks | None
    ) -> Iterator[None]:
        """A time in which these workers are judged by `checks`, while they go on running.

        Raises:
            UsageError: there is such a time already, or one of them does not run.
        """
        if self._within:
            raise UsageError(f"phase {name!r}: phase {self._within!r} has not ended yet")
        if checks is not None:
            check_checks(checks)
        for handle in handles:
            handle.check_runs("phase()")
        index, self._within = self._number(), name
        begun_ns = time.monotonic_ns()
        self._turn(index, [handle.group for handle in handles], begun_ns)
        self._timeline.event(EventName.STEP_START, index, name)
        try:
            yield
        finally:
            ended_ns = time.monotonic_ns()
            for handle in handles:
                if handle.runs:
                    handle.group.set_phase(handle.step, ended_ns)
            self._turn(None, [], ended_ns)
            self._timeline.event(EventName.STEP_END, index)
            self._steps.append(StepFacts(index, name, begun_ns, ended_ns, ended_ns, checks))
            self._within = ""

    def check(self, op: Op, what: str) -> None:
        """Refuses what a scenario with all that is there now would be refused for.

        `op` is what that would say, and `what` what the function says.

        Raises:
            UsageError: why it cannot be.
        """
        cgroups, before = self._there()
        scenario = Scenario((Step(),), Backdrop(tuple(cgroups), (*before, op)))
        try:
            check_fits(scenario, self._plan, self._stage, self._subject.name, frozenset())
        except UsageError as error:
            why = str(error).removeprefix(f"Backdrop: {type(op).__name__}: ")
            raise UsageError(f"background work: {what}: {why}") from error

    def check_beside(self, scenario: Scenario) -> None:
        """Refuses a scenario that cannot be played while this goes on.

        Raises:
            UsageError: what is in its way.
        """
        if self._within:
            raise UsageError(
                f"run() within phase {self._within!r}: a scenario has steps of its own; end the "
                f"phase first"
            )
        if len(scenario.steps) >= BACKGROUND:
            raise UsageError(
                f"{len(scenario.steps)} steps; beside background work a scenario has fewer than "
                f"{BACKGROUND}"
            )
        for cgroup in made_in(scenario):
            if cgroup.name in self._cgroups:
                raise UsageError(
                    f"cgroup {cgroup.name!r} of the scenario is the name of one that this function "
                    f"has in the background; give one of them another"
                )

    def close(self) -> None:
        """Ends all that is left, whatever fails of it, and tells of the whole."""
        closing_ns = time.monotonic_ns()
        failures = Failures()
        for running in list(self._running.values()):
            failures.attempt(running.handle.stop)
        failures.attempt(lambda: self._people.tear_down(None))
        self._cgroups.clear()
        now = time.monotonic_ns()
        steps = tuple(sorted(self._steps, key=lambda step: step.index))
        self._timeline.emit(
            ScenarioFacts(
                started_ns=self._began_ns,
                ended_ns=now,
                steps_planned=len(steps),
                steps_done=len(steps),
                error=f"the end of background work failed: {failures}" if failures else "",
                steps=steps,
                cleanup_ns=now - closing_ns,
            )
        )

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    def _turn(self, step: int | None, groups: list[WorkerGroup], at_ns: int) -> None:
        if self._witness is not None:
            self._witness.turn(step)
        for group in groups:
            group.set_phase(step, at_ns)

    def _there(self) -> tuple[list[CgroupDef], list[Op]]:
        """The cgroups of now with the workers in them, and what else a scenario would have done.

        Of workers no more than how many: they were checked by what there was when they began.
        """
        counts: Counter[str] = Counter()
        for running in self._running.values():
            counts[running.handle.group.cgroup] += running.handle.group.size
        works = {name: (Work(workers=count),) for name, count in counts.items()}
        beside: list[Op] = [SpawnHost(work) for work in works.get("", ())]
        gone = sorted(self._stage.view.cpus - online_cpus())
        frozen = [Freeze(name) for name in self._cgroups if self._people.is_frozen(name)]
        cgroups = [
            replace(handle.definition, works=works.get(name))
            for name, handle in self._cgroups.items()
        ]
        return cgroups, [*beside, *map(OfflineCpu, gone), *frozen]
