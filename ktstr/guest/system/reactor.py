# SPDX-License-Identifier: Apache-2.0
"""One place to wait: descriptors and times with handlers, a condition, and a deadline."""

from __future__ import annotations

import itertools
import select
import time
from collections.abc import Callable

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_NS_PER_MS = 1_000_000
_LONGEST_MS = 3_600_000  # poll takes a C int
_NEVER_NS = 1 << 62


class Reactor:
    """Calls handlers of readable descriptors and due times while somebody waits; single-threaded.

    A handler may wait itself.
    """

    def __init__(self) -> None:
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._alarms: dict[int, tuple[int, Callable[[], None]]] = {}
        self._numbers = itertools.count()
        self._polls = 0

    def watch(self, descriptor: int, handler: Callable[[], None]) -> None:
        """Calls `handler` whenever `descriptor` is readable, ended or broken."""
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, _READABLE)

    def forget(self, descriptor: int) -> None:
        """Undoes `watch`; harmless for a descriptor that is not watched."""
        if self._handlers.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def watches(self, descriptor: int) -> bool:
        """Whether `descriptor` is watched."""
        return descriptor in self._handlers

    def at(self, when_ns: int, handler: Callable[[], None]) -> int:
        """Calls `handler` once CLOCK_MONOTONIC has reached `when_ns`; returns what `cancel` takes.

        Like all handlers it is called while somebody waits, so it may be late.
        """
        number = next(self._numbers)
        self._alarms[number] = (when_ns, handler)
        return number

    def cancel(self, alarm: int) -> None:
        """Undoes `at`; harmless when the time has come already."""
        self._alarms.pop(alarm, None)

    def wait(self, deadline_ns: int, done: Callable[[], bool]) -> bool:
        """Waits until `done()` or until CLOCK_MONOTONIC reaches `deadline_ns`.

        A deadline that has passed still lets what is there already be taken, once.
        Returns whether `done()` holds at the end.
        """
        while not done():
            if self._ring():
                continue
            now = time.monotonic_ns()
            self._dispatch(min(deadline_ns, self._next_alarm()) - now)
            if now >= deadline_ns:
                return done()
        return True

    def _dispatch(self, left_ns: int) -> None:
        """Calls the handlers of what is ready now, or becomes so within `left_ns`."""
        self._polls += 1
        latest = self._polls
        for descriptor, _ in sorted(self._poll.poll(_milliseconds(left_ns))):
            handler = self._handlers.get(descriptor)
            if handler is not None:
                handler()
            if self._polls != latest:
                return  # that handler waited itself: what else was ready may be no more

    def _next_alarm(self) -> int:
        return min((when_ns for when_ns, _ in self._alarms.values()), default=_NEVER_NS)

    def _ring(self) -> bool:
        """Calls the handlers whose time has come; returns whether there were any."""
        now = time.monotonic_ns()
        due = sorted((when, number) for number, (when, _) in self._alarms.items() if when <= now)
        for _, number in due:
            alarm = self._alarms.pop(number, None)
            if alarm is not None:
                alarm[1]()
        return bool(due)


def _milliseconds(left_ns: int) -> int:
    # rounded up, or the last millisecond would be spent polling
    return min(max(0, -(-left_ns // _NS_PER_MS)), _LONGEST_MS)
