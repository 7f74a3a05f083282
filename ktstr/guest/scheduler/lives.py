# SPDX-License-Identifier: Apache-2.0
"""The schedulers of a plan: the one under test and the staged ones, one life after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ktstr.guest.scheduler.life import Scheduler
from ktstr.guest.system import sched_ext
from ktstr.model.enable_state import EnableState
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.facts import LogChunk, SchedulerFacts
from ktstr.model.scheduler_phase import SchedulerPhase

if TYPE_CHECKING:
    from ktstr.guest.scheduler.commanded import CommandedScheduler
    from ktstr.guest.scheduler.waiting import WaitingLoader
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import Plan, SchedulerPlan


class Schedulers:
    """Brings schedulers in and takes them away; it implements `engine.Subject`.

    The facts of each life are emitted at its end.  Between two lives the kernel's own class runs.
    `waiting`: a loader that is there already, for the first life; none where that has its own.
    """

    def __init__(
        self, plan: Plan, reactor: Reactor, sink: Sink, waiting: WaitingLoader | None = None
    ) -> None:
        self._own, self._deadlines = plan.scheduler, plan.deadlines
        self._tells_programs = plan.tells_programs
        self._reactor, self._sink = reactor, sink
        own = () if plan.scheduler is None else (plan.scheduler,)
        self._known = {each.name: each for each in (*own, *plan.staged)}
        self._life: Scheduler | CommandedScheduler | None = None
        self._lives = 0
        self._waiting = waiting

    def begin(self) -> bool:
        """Starts the scheduler under test, if there is one; returns whether it is attached."""
        if self._waiting is not None and (
            self._own is None or not self._own.argv or not self._waiting.serves(self._own.argv)
        ):
            self._waiting.dismiss()
            self._waiting = None
        return self._own is None or self._start(self._own)

    def end(self) -> None:
        """Ends the scheduler that is there; where none ever was, sched_ext's state is shown."""
        if self._life is not None:
            self._finish(self._life)
        elif not self._lives:
            self._sink.emit(_no_scheduler_facts())

    def words(self) -> str:
        """What the scheduler that is there said so far, and how it ended if it did."""
        return self._life.words() if self._life is not None else ""

    @property
    def name(self) -> str:
        """The scheduler that is meant to run now; empty while none is."""
        return self._life.plan.name if self._life is not None else ""

    @property
    def ops(self) -> str:
        """The name that sched_ext is to show now; empty while it is to be off."""
        return self._life.plan.ops if self._life is not None else ""

    def trouble(self) -> str:
        """Why the scenario must end: the scheduler that is meant to run does not."""
        return self._life.trouble() if self._life is not None else ""

    def set_knob(self, name: str, value: int) -> None:
        """Sets a global variable of the scheduler; see `Scheduler.set_knob`."""
        self._present(f"that could take {name}={value}").set_knob(name, value)

    def global_value(self, name: str) -> int:
        """A global variable of the scheduler; see `Scheduler.global_value`."""
        return self._present(f"that could have {name}").global_value(name)

    def attach(self, name: str) -> None:
        """Starts a scheduler (empty: the one under test) and waits until it is attached.

        Raises:
            UsageError: one is attached, or there is none of this name.
            InfraError: it did not attach; its facts say why.
        """
        if self._life is not None:
            raise UsageError(
                f"scheduler {self._life.plan.name} is attached; detach it first, or replace it"
            )
        plan = self._plan_of(name)
        if not self._start(plan):
            self.end()
            raise InfraError(f"scheduler {plan.name} was started and did not attach")

    def detach(self) -> None:
        """Tells the scheduler to go and waits until sched_ext is disabled.

        Raises:
            UsageError: none is attached.
            InfraError: it had gone already, or does not go.
        """
        life = self._present("that could be detached")
        trouble = life.trouble()
        if trouble:
            # its facts must show a life that ended by itself: `end` takes them
            raise InfraError(trouble)
        facts = self._finish(life)
        state = sched_ext.read_state().state
        if state != EnableState.DISABLED:
            raise InfraError(
                f"scheduler {life.plan.name} was told to go, and sched_ext is {state or 'absent'}"
            )
        if not facts.detached:
            raise InfraError(f"scheduler {life.plan.name} was told to go: {facts.exit_status}")

    def restart(self) -> None:
        """Detaches the scheduler that is attached, and attaches the same again.

        Raises:
            UsageError: none is attached.
            InfraError: see `detach` and `attach`.
        """
        name = self._present("that could be restarted").plan.name
        self.detach()
        self.attach(name)

    def replace(self, name: str) -> None:
        """Detaches the scheduler that is attached, and attaches another.

        Raises:
            UsageError: none is attached, or there is none of this name.
            InfraError: see `detach` and `attach`.
        """
        plan = self._plan_of(name)
        self.detach()
        self.attach(plan.name)

    def _start(self, plan: SchedulerPlan) -> bool:
        self._lives += 1
        waiting, self._waiting = self._waiting, None
        self._life = self._made(plan, waiting)
        attached = self._life.start()
        if attached and self._tells_programs:
            self._tell_programs(plan.name, self._life.verified())
        return attached

    def _made(
        self, plan: SchedulerPlan, waiting: WaitingLoader | None
    ) -> Scheduler | CommandedScheduler:
        if not plan.enable:
            return Scheduler(plan, self._deadlines, self._reactor, waiting)
        # few schedulers are the kernel's own
        from ktstr.guest.scheduler.commanded import CommandedScheduler

        return CommandedScheduler(plan, self._deadlines, self._reactor)

    def _tell_programs(self, name: str, verified: list[tuple[str, str]]) -> None:
        # few tests ask for them
        from ktstr.guest.scheduler.programs import programs_of_schedulers
        from ktstr.model.wire.programs import SchedulerPrograms

        try:
            facts = SchedulerPrograms(self._lives, name, programs_of_schedulers(verified))
        except InfraError as error:
            facts = SchedulerPrograms(self._lives, name, error=str(error))
        self._sink.emit(facts)

    def _finish(self, life: Scheduler | CommandedScheduler) -> SchedulerFacts:
        facts, log = life.finish()
        self._life = None
        self._sink.emit(facts)
        if self._lives > 1:
            title = f"--- {life.plan.name}, scheduler number {self._lives} of this guest ---\n"
            log = LogChunk(log.source, title + log.text, log.truncated)
        self._sink.emit(log)
        return facts

    def _present(self, what: str) -> Scheduler | CommandedScheduler:
        if self._life is None:
            raise UsageError(f"no scheduler is attached {what}")
        return self._life

    def _plan_of(self, name: str) -> SchedulerPlan:
        if not name and self._own is None:
            raise UsageError("this target has no scheduler of its own; name a staged one")
        plan = self._own if not name else self._known.get(name)
        if plan is None:
            known = ", ".join(self._known) or "none"
            raise UsageError(f"no scheduler {name!r}; the target has {known}")
        return plan


def _no_scheduler_facts() -> SchedulerFacts:
    """The evidence of a run without a scheduler of its own: the state of sched_ext at its end."""
    now = sched_ext.read_state()
    return SchedulerFacts(
        name="",
        phase=SchedulerPhase.NONE,
        state_attached=now.state,
        ops_attached=now.ops,
        state_end=now.state,
        ops_end=now.ops,
        enable_seq=now.enable_seq,
        nr_rejected=now.nr_rejected,
        detached=now.state != EnableState.ENABLED,
    )
