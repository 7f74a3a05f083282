# SPDX-License-Identifier: Apache-2.0
"""Waits of a test function: for something that it looks at, with a deadline and an event."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ktstr.guest.function.in_vain import InVain
from ktstr.guest.scenario.waits import SAMPLE_NS
from ktstr.model.errors import TestFailure, UsageError
from ktstr.model.facts import Event
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.scheduler.subject import Subject
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor

_NS = 1_000_000_000


@dataclass(frozen=True)
class Wait:
    """One wait.  what: in words, for messages.  timeout: guest seconds.  step: as in `Event`."""

    what: str
    timeout: float
    on_timeout: OnTimeout
    step: int | None = None


@dataclass(frozen=True)
class Waiter:
    """Carries out waits, which end early when the scheduler is lost."""

    reactor: Reactor
    subject: Subject
    sink: Sink

    def wait(self, wait: Wait, met: Callable[[], bool], seen: Callable[[], str]) -> bool:
        """Waits until `met`, which is looked at every 10 ms of guest time and at the end.

        Returns whether it was met, False after OnTimeout.GO_ON alone.  `seen` says what there is.

        Raises:
            UsageError: the timeout is not finite and above 0.
            TestFailure, InVain: the time ran out, as `on_timeout` says.
            InVain: the scheduler is lost.
        """
        check_seconds("timeout", wait.timeout)
        deadline = time.monotonic_ns() + int(wait.timeout * _NS)
        if self._until(deadline, met):
            self._event(EventName.WAIT_MET, wait, seen())
            return True
        if trouble := self.subject.trouble():
            raise InVain(f"the wait for {wait.what} ended: {trouble}")
        found = seen()
        self._event(EventName.WAIT_TIMEOUT, wait, found)
        words = f"waited in vain for {wait.what}: {found} after {wait.timeout:g} s of guest time"
        match wait.on_timeout:
            case OnTimeout.GO_ON:
                return False
            case OnTimeout.FAIL:
                raise TestFailure(words)
            case OnTimeout.INCONCLUSIVE:
                raise InVain(words)

    def hold(self, seconds: float) -> bool:
        """Lets time go by; returns early, with False, when the scheduler is lost.

        Raises:
            UsageError: `seconds` is not finite and above 0.
        """
        check_seconds("hold", seconds)
        deadline = time.monotonic_ns() + int(seconds * _NS)
        return not self.reactor.wait(deadline, lambda: bool(self.subject.trouble()))

    def _until(self, deadline_ns: int, met: Callable[[], bool]) -> bool:
        look = _Look(self.reactor, met)
        try:
            self.reactor.wait(deadline_ns, lambda: look.met or bool(self.subject.trouble()))
        finally:
            look.end()
        # it may have been met since the last look
        return look.met or (not self.subject.trouble() and met())

    def _event(self, name: EventName, wait: Wait, seen: str) -> None:
        self.sink.emit(Event(time.monotonic_ns(), name, wait.step, f"{wait.what}: {seen}"))


class _Look:
    """Looks now, and by a timer until it was met: what is waited for rings no bell."""

    def __init__(self, reactor: Reactor, met: Callable[[], bool]) -> None:
        self._reactor, self._met = reactor, met
        self._alarm: int | None = None
        self.met = False
        self._look()

    def end(self) -> None:
        """Looks no more."""
        if self._alarm is not None:
            self._reactor.cancel(self._alarm)

    def _look(self) -> None:
        self._alarm = None
        self.met = self._met()
        if not self.met:
            self._alarm = self._reactor.at(time.monotonic_ns() + SAMPLE_NS, self._look)


def check_seconds(what: str, seconds: float) -> None:
    """Refuses a time that no wait can last.

    Raises:
        UsageError: naming it.
    """
    if not math.isfinite(seconds) or seconds <= 0:
        raise UsageError(f"{what} is {seconds}; it must be finite and above 0 (guest seconds)")
