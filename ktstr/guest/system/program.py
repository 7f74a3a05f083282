# SPDX-License-Identifier: Apache-2.0
"""A program that is spoken to through pipes: started, heard, waited for, let go."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ktstr.guest.system.reactor import Reactor

_NS = 1_000_000_000
_PIECE = 1 << 16


class Program:
    """One run of a program, a child of this process, while `reactor` is what waits for it.

    `hear` takes what it writes to each of these descriptors (1 or 2) as it comes.  pid: -1 before
    it is started.  status: what wait() says of it, and ended_ns when that was; None before.
    """

    def __init__(
        self,
        reactor: Reactor,
        argv: tuple[str, ...],
        hear: Mapping[int, Callable[[bytes], None]],
    ) -> None:
        self._reactor, self._argv, self._hear = reactor, argv, hear
        self.pid = -1
        self.status: int | None = None
        self.ended_ns: int | None = None
        self._pidfd = self._stdin = -1
        self._outputs: set[int] = set()

    def start(self) -> None:
        """Starts it, in a process group of its own.

        Raises:
            OSError: it cannot be started; nothing is left of it.
        """
        ends = {0: os.pipe()} | {number: os.pipe()[::-1] for number in self._hear}
        try:
            self.pid = os.posix_spawn(
                self._argv[0],
                self._argv,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, its, number) for number, (its, _) in ends.items()
                ],
                setpgroup=0,
            )
        except OSError:
            for _, ours in ends.values():
                os.close(ours)
            raise
        finally:
            for its, _ in ends.values():
                os.close(its)
        self._stdin = ends[0][1]
        self._pidfd = os.pidfd_open(self.pid)
        self._reactor.watch(self._pidfd, self._reap)
        for number, take in self._hear.items():
            self._listen(ends[number][1], take)

    @property
    def is_held(self) -> bool:
        """Whether it was started and not released yet."""
        return self._pidfd >= 0

    @property
    def is_silent(self) -> bool:
        """Whether nothing more will come from it: all who could write to its outputs are gone."""
        return not self._outputs

    def say(self, text: bytes) -> None:
        """Writes to its standard input; raises OSError where nobody reads that."""
        os.write(self._stdin, text)

    def hang_up(self) -> None:
        """Ends its standard input."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    def send(self, number: signal.Signals) -> None:
        """Sends it a signal; none if it has ended, or was released."""
        if self.status is None and self._pidfd >= 0:
            signal.pidfd_send_signal(self._pidfd, number)

    def await_end(self, seconds: float) -> bool:
        """Waits until it has ended; returns whether it did."""
        deadline = time.monotonic_ns() + int(seconds * _NS)
        return self._reactor.wait(deadline, lambda: self.status is not None)

    def kill_group(self) -> None:
        """Kills whoever is left in the process group that it leads."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def release(self) -> None:
        """Gives all descriptors back, whether it has ended or not; harmless if it never began."""
        self.hang_up()
        # a helper of it that lives on holds them open
        for descriptor in tuple(self._outputs):
            self._close_output(descriptor)
        if self._pidfd >= 0:
            self._reactor.forget(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _listen(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        self._outputs.add(descriptor)

        def read() -> None:
            if data := os.read(descriptor, _PIECE):
                take(data)
            else:
                self._close_output(descriptor)

        self._reactor.watch(descriptor, read)

    def _close_output(self, descriptor: int) -> None:
        self._outputs.discard(descriptor)
        self._reactor.forget(descriptor)
        os.close(descriptor)

    def _reap(self) -> None:
        self.status = os.waitpid(self.pid, 0)[1]
        self.ended_ns = time.monotonic_ns()
        self._reactor.forget(self._pidfd)
