# SPDX-License-Identifier: Apache-2.0
"""Plays a scenario: steps, their ops, cgroups and holds, and their teardown (spec 2.4, 2.5)."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ktstr.guest.scenario.ops import Players, apply_op
from ktstr.guest.scenario.phases import Turns
from ktstr.guest.scenario.population import Population, Stage
from ktstr.guest.scenario.timeline import Timeline
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.hotplug import Hotplug
from ktstr.guest.system.view import online_cpus
from ktstr.model.errors import InfraError, NoSuchName, UsageError
from ktstr.model.facts import ScenarioFacts, StepFacts
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.scenario.scenario import Frac, Loop, Until, WaitFor
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from ktstr.guest.observers.stats import StatsReader
    from ktstr.guest.payload.run import Payloads
    from ktstr.guest.scenario.inside import Inside
    from ktstr.guest.scenario.phases import Watcher
    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.facts import TimeoutFacts
    from ktstr.model.plan import SchedulerPlan
    from ktstr.model.scenario.scenario import CgroupDef, Op, Scenario, Step

_NS = 1_000_000_000
_TIMEOUTS_KEPT = 16


class Engine:
    """Plays one scenario and emits its events, the facts of all that it made, and its own.

    `payloads` is None where the target has none, `witness` where nobody is to watch; `hotplug`
    knows of CPUs that are taken already.
    """

    def __init__(
        self,
        stage: Stage,
        tree: CgroupTree,
        reactor: Reactor,
        sink: Sink,
        subject: Subject,
        payloads: Payloads | None = None,
        hotplug: Hotplug | None = None,
        witness: Watcher | None = None,
    ) -> None:
        self._stage, self._reactor, self._subject = stage, reactor, subject
        self._timeline = Timeline(sink)
        self._people = Population(stage, tree, reactor, self._timeline, online_cpus)
        self._turns = Turns(
            self._people,
            tree,
            reactor,
            self._timeline,
            trace=stage.trace,
            witness=witness,
            stats=self._asking(stage.tells),
        )
        self._payloads = None
        if payloads is not None:
            from ktstr.guest.payload.background import Background

            self._payloads = Background(payloads, self._timeline)
        self._hotplug = hotplug or Hotplug(reactor)
        self._players = Players(
            self._people,
            stage.view,
            subject,
            self._payloads,
            self._timeline,
            self._in_trouble,
            self._hotplug,
            self._look_inside,
        )
        self._inside: Inside | None = None
        self._timeouts: list[TimeoutFacts] = []
        self._started = 0
        self._done = 0
        self._begun = 0
        self._steps: list[StepFacts] = []
        self._error = ""
        self._mistaken = False
        self._stopped = ""

    def play(self, scenario: Scenario) -> ScenarioFacts:
        """Plays it to its end, or until a step fails or the scheduler is in trouble.

        Whatever happens, all that was made is torn down and its facts are emitted.
        """
        self._turns.start()
        self._started = time.monotonic_ns()
        self._event(EventName.SCENARIO_START)
        try:
            if self._try("Backdrop", lambda: self._make_backdrop(scenario)):
                self._play_steps(scenario)
        finally:
            cleanup = time.monotonic_ns()
            self._tear_down("Backdrop teardown", None)
            cleanup = time.monotonic_ns() - cleanup
            self._turns.finish()
        facts = ScenarioFacts(
            started_ns=self._started,
            ended_ns=time.monotonic_ns(),
            steps_planned=len(scenario.steps),
            steps_done=self._done,
            error=self._error,
            stopped_because=self._stopped,
            steps=tuple(self._steps),
            timeouts=tuple(self._timeouts),
            cleanup_ns=cleanup,
            mistaken=self._mistaken,
        )
        self._event(EventName.SCENARIO_END)
        self._timeline.emit(facts)
        return facts

    def _asking(self, scheduler: SchedulerPlan | None) -> StatsReader | None:
        """What asks this scheduler for its statistics, while it is the one that runs."""
        if scheduler is None:
            return None
        # few schedulers are asked
        from ktstr.guest.observers.stats import StatsReader

        return StatsReader(
            scheduler,
            lambda: self._subject.name == scheduler.name and not self._subject.trouble(),
            self._reactor,
            self._timeline,
        )

    def _make_backdrop(self, scenario: Scenario) -> None:
        for cgroup in scenario.backdrop.cgroups:
            self._define(cgroup, None)
        self._people.start(None)
        self._apply_all(scenario.backdrop.ops, None)

    def _play_steps(self, scenario: Scenario) -> None:
        for index, step in enumerate(scenario.steps):
            if self._in_trouble():
                return
            played, self._begun = False, 0
            if scenario.compared is not None and scenario.compared.place(index)[1] == 0:
                self._people.begin_leg()
            try:
                played = self._try(f"step {index}", partial(self._play_step, index, step))
            finally:
                ended = time.monotonic_ns()
                self._turns.leave()
                played &= self._tear_down(f"step {index} teardown", index)
                self._turns.report()
                if self._begun:
                    gone = time.monotonic_ns()
                    self._steps.append(
                        StepFacts(index, step.name, self._begun, ended, gone, step.checks)
                    )
            if not played or self._stopped:
                return
            self._done += 1
            self._event(EventName.STEP_END, index)

    def _play_step(self, index: int, step: Step) -> None:
        if isinstance(step.hold, Loop):
            self._set_up(index, step)
            self._loop(index, step, step.hold)
            return
        self._apply_all(step.ops, index)
        if self._stopped:
            return
        self._set_up(index, step)
        hold = step.hold
        if isinstance(hold, Until):
            self._wait(hold, index)
            return
        seconds = hold.fraction * self._stage.duration_s if isinstance(hold, Frac) else hold.seconds
        self._hold(time.monotonic_ns() + int(seconds * _NS))

    def _set_up(self, index: int, step: Step) -> None:
        for cgroup in step.setup:
            self._define(cgroup, index)
        self._turns.enter(index)
        self._people.start(index)
        self._begun = time.monotonic_ns()
        self._event(EventName.STEP_START, index, step.name)

    def _loop(self, index: int, step: Step, hold: Loop) -> None:
        end = self._started + int(self._stage.duration_s * _NS)
        due = time.monotonic_ns()
        if due >= end:
            raise UsageError(
                f"{hold}: the test's duration of {self._stage.duration_s:g} s had passed before "
                f"its first round; make the steps before it shorter, or the test longer"
            )
        # by the clock, not by `due`: ops may take longer than the interval
        while time.monotonic_ns() < end and not self._stopped:
            self._apply_all(step.ops, index)
            due += int(hold.interval * _NS)
            self._hold(min(due, end))

    def _define(self, cgroup: CgroupDef, step: int | None) -> None:
        try:
            self._people.define(cgroup, step)
        except (UsageError, InfraError) as error:
            raise InfraError(f"cgroup {cgroup.name!r}: {error}") from error

    def _apply_all(self, ops: tuple[Op, ...], step: int | None) -> None:
        for op in ops:
            # a wait that was in vain ends the scenario
            if not self._stopped:
                self._apply(op, step)

    def _apply(self, op: Op, step: int | None) -> None:
        self._event(EventName.OP, step, repr(op))
        try:
            if isinstance(op, WaitFor):
                self._wait(op, step)
            else:
                apply_op(op, step, self._players)
        except NoSuchName as error:
            raise NoSuchName(f"{type(op).__name__}: {error}") from error
        except (UsageError, InfraError) as error:
            raise InfraError(f"{type(op).__name__}: {error}") from error

    def _look_inside(self) -> Inside:
        if self._inside is None:
            from ktstr.guest.scenario.inside import Inside

            self._inside = Inside(self._timeline)
        return self._inside

    def _wait(self, wait: WaitFor | Until, step: int | None) -> None:
        # few scenarios wait for conditions, and every guest would pay for the import
        from ktstr.guest.scenario.waits import Waits

        waits = Waits(
            self._people,
            self._subject,
            self._reactor,
            self._timeline,
            self._in_trouble,
            self._look_inside,
        )
        late = waits.wait(wait, step)
        if late is None:
            return
        ends = wait.on_timeout is not OnTimeout.GO_ON
        # a Loop may be late in every round
        if ends or len(self._timeouts) < _TIMEOUTS_KEPT:
            self._timeouts.append(late)
        if ends:
            self._stopped = f"{late.condition} was not met within {late.seconds:g} s: {late.seen}"

    def _hold(self, deadline_ns: int) -> None:
        self._reactor.wait(deadline_ns, self._in_trouble)

    def _in_trouble(self) -> bool:
        if not self._stopped:
            self._stopped = self._subject.trouble()
        return bool(self._stopped)

    def _tear_down(self, what: str, step: int | None) -> bool:
        # payloads first: the cgroups that they run in go with the workers
        ended = self._payloads is None or self._try(what, partial(self._payloads.end_step, step))
        ended &= self._try(what, partial(self._people.tear_down, step))
        # CPUs last, so that no worker sees one come back that its step was without
        back = self._try(what, partial(self._hotplug.restore, step))
        return ended and back

    def _try(self, what: str, action: Callable[[], None]) -> bool:
        try:
            action()
        except (UsageError, InfraError) as error:
            self._mistaken |= isinstance(error, NoSuchName)
            # the first failure is the cause; a teardown that fails after it adds to it
            self._error = "; ".join(filter(None, (self._error, f"{what} failed: {error}")))
            return False
        return True

    def _event(self, name: EventName, step: int | None = None, detail: str = "") -> None:
        self._timeline.event(name, step, detail)
