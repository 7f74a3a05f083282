# SPDX-License-Identifier: Apache-2.0
"""Waits until a condition is met: woken by events where there are some, else by a timer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ktstr.model.facts import TimeoutFacts
from ktstr.model.scenario.conditions import (
    RELATIONS,
    CpuTime,
    EventSeen,
    GlobalValue,
    Iterations,
    WorkDone,
)
from ktstr.model.scenario.inside import KernelValue, MapValue
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.scenario.inside import Inside
    from ktstr.guest.scenario.population import Population
    from ktstr.guest.scenario.timeline import Timeline
    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.scenario.conditions import Condition
    from ktstr.model.scenario.scenario import Until, WaitFor

_NS = 1_000_000_000
# memory that workers write, cpu.stat and a scheduler's variables raise no event: guest time
SAMPLE_NS = 10_000_000


@dataclass(frozen=True)
class Waits:
    """Carries out waits; `stop` ends them early."""

    people: Population
    subject: Subject
    reactor: Reactor
    timeline: Timeline
    stop: Callable[[], bool]
    inside: Callable[[], Inside]

    def wait(self, wait: WaitFor | Until, step: int | None) -> TimeoutFacts | None:
        """Waits; returns what to report if the time ran out.

        Raises:
            UsageError: the condition is about something that there is not.
            InfraError: what it is about does not answer.
        """
        condition, began = wait.condition, time.monotonic_ns()
        sample = _Sample(self, condition)
        try:
            self.reactor.wait(began + int(wait.timeout * _NS), lambda: sample.met() or self.stop())
        finally:
            sample.end()
        # it may have been met since the last sample
        if sample.met() or (not self.stop() and sample.look()):
            self.timeline.event(EventName.WAIT_MET, step, f"{condition}: {sample.seen}")
            return None
        if self.stop():
            return None
        self.timeline.event(EventName.WAIT_TIMEOUT, step, f"{condition}: {sample.seen}")
        return TimeoutFacts(str(condition), step, wait.timeout, wait.on_timeout, sample.seen)

    def look(self, condition: Condition) -> tuple[bool, str]:
        """Whether a condition is met now, and what was seen."""
        match condition:
            case Iterations(cgroup, at_least):
                done = self.people.progress(cgroup)[0]
                return done >= at_least, f"{done} iterations"
            case WorkDone(cgroup, units):
                done = self.people.progress(cgroup)[1]
                return done >= units, f"{done} units of work"
            case CpuTime(cgroup, seconds):
                used = self.people.cpu_s(cgroup)
                return used >= seconds, f"{used:g} s of CPU time"
            case GlobalValue(name, op, value):
                found = self.subject.global_value(name)
                return bool(RELATIONS[op](found, value)), f"{name} is {found}"
            case EventSeen(name, text):
                met = self.timeline.seen(name, text)
                return met, "it was seen" if met else f"events: {self.timeline.names()}"
            case MapValue() | KernelValue():
                return self.inside().look(condition)


class _Sample:
    """The state of one wait: sampled by the reactor's timer, but for events, which are known."""

    def __init__(self, waits: Waits, condition: Condition) -> None:
        self._waits, self._condition = waits, condition
        self._known = isinstance(condition, EventSeen)
        self._alarm: int | None = None
        self._met, self.seen = False, ""
        self._sample()

    def met(self) -> bool:
        """Whether the condition was met when it was looked at last."""
        return self._met or (self._known and self.look())

    def end(self) -> None:
        """Stops sampling."""
        if self._alarm is not None:
            self._waits.reactor.cancel(self._alarm)

    def look(self) -> bool:
        """Whether the condition is met now."""
        self._met, self.seen = self._waits.look(self._condition)
        return self._met

    def _sample(self) -> None:
        self._alarm = None
        if self._waits.stop():
            return  # what is asked for may have gone with the scheduler
        if not self.look() and not self._known:
            due = time.monotonic_ns() + SAMPLE_NS
            self._alarm = self._waits.reactor.at(due, self._sample)
