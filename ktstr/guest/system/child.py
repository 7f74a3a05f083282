# SPDX-License-Identifier: Apache-2.0
"""A child process: followed to its end, killed where it is late, let go."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

_NS = 1_000_000_000


class Child:
    """A process that this one makes, while `reactor` is what waits for it.

    pid: -1 before there is one.  status: what wait() says of it, and ended_ns when that was; None
    before.
    """

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor
        self.pid = self._pidfd = -1
        self.status: int | None = None
        self.ended_ns: int | None = None

    def follow(self, pid: int) -> None:
        """Takes it on; nobody else may wait for it."""
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)
        self._reactor.watch(self._pidfd, self._reap)

    @property
    def is_followed(self) -> bool:
        """Whether there is one that has not ended, as far as is known, nor was let go."""
        return self._pidfd >= 0

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal; none if it has ended, or was let go."""
        if self.is_followed:
            signal.pidfd_send_signal(self._pidfd, number)

    def await_end(self, seconds: float) -> bool:
        """Waits until it has ended; returns whether it did."""
        deadline = time.monotonic_ns() + int(seconds * _NS)
        return self._reactor.wait(deadline, lambda: self.status is not None)

    def kill_group(self) -> None:
        """Kills whoever is left in the process group that it leads."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def let_go(self) -> None:
        """Follows it no longer, be it there or not; harmless if there never was one."""
        if self.is_followed:
            self._reactor.forget(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _reap(self) -> None:
        self.status = os.waitpid(self.pid, 0)[1]
        self.ended_ns = time.monotonic_ns()
        self.let_go()


def await_child(
    reactor: Reactor, pid: int, seconds: float, kill_s: float
) -> tuple[int | None, bool]:
    """Its status, as wait(2) gives it, and whether it ended within `seconds`.

    One that did not is killed, and has `kill_s` more to go; None if it is still there after that,
    as in the kernel it may be.
    """
    child = Child(reactor)
    child.follow(pid)
    in_time = child.await_end(seconds)
    if not in_time:
        child.send(signal.SIGKILL)
        child.await_end(kill_s)
    child.let_go()
    return child.status, in_time
