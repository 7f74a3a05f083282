# SPDX-License-Identifier: Apache-2.0
"""One place to wait: descriptors with handlers, a condition, and a deadline."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_NS_PER_MS = 1_000_000
_LONGEST_MS = 3_600_000  # poll takes a C int


class Reactor:
    """Calls handlers of readable descriptors while somebody waits; single-threaded."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[], None]] = {}

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

    def wait(self, deadline_ns: int, done: Callable[[], bool]) -> bool:
        """Waits until `done()` or until CLOCK_MONOTONIC reaches `deadline_ns`.

        Returns whether `done()` holds at the end.
        """
        while not done():
            left = deadline_ns - time.monotonic_ns()
            if left <= 0:
                return done()
            for descriptor, _ in sorted(self._poll.poll(min(-(-left // _NS_PER_MS), _LONGEST_MS))):
                handler = self._handlers.get(descriptor)
                if handler is not None:
                    handler()
        return True
