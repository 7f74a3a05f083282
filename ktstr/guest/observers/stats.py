# SPDX-License-Identifier: Apache-2.0
"""Asks a scheduler for its own statistics at the borders of steps (`ktstr.model.wire.stats`)."""

from __future__ import annotations

import _socket
import contextlib
import os
import time
from typing import TYPE_CHECKING

from ktstr.model.wire.stats import ANSWER_S, REQUEST, SchedulerStats

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import SchedulerPlan

_NS = 1_000_000_000
_AGAIN_NS = 10_000_000
_PIECE = 1 << 16
_LONGEST = 1 << 20
_AWAY = "it was not attached all the time"


class SilentError(Exception):
    """The scheduler does not answer; the text says why, as a clause."""


class StatsReader:
    """One connection to a scheduler for as long as it is the one that runs.

    `attached` tells whether it is.
    """

    def __init__(
        self, plan: SchedulerPlan, attached: Callable[[], bool], reactor: Reactor, sink: Sink
    ) -> None:
        self._name, self._path = plan.name, plan.stats_socket
        self._attached, self._reactor, self._sink = attached, reactor, sink
        self._socket: _socket.socket | None = None
        self._heard = b""
        self._ended = self._absent = False
        self._begun_ns = 0
        self._problem = ""

    def enter(self) -> None:
        """A step is about to begin: what the scheduler counted before is not its."""
        self._problem = ""
        try:
            self._ask()
        except SilentError as silence:
            self._problem = str(silence)
        self._begun_ns = time.monotonic_ns()

    def leave(self, step: int) -> None:
        """The step has ended: tells what the scheduler says of it.

        Nothing of one that another scheduler was there for, as the legs of a comparison have it.
        """
        if self._problem == _AWAY and not self._attached():
            return
        line = ""
        try:
            if not self._problem:
                # a new connection would not go on from where the step began
                line = self._ask(anew=False)
        except SilentError as silence:
            self._problem = str(silence)
        now = time.monotonic_ns()
        self._sink.emit(SchedulerStats(self._name, step, self._begun_ns, now, line, self._problem))

    def close(self) -> None:
        """Ends the connection; harmless if there is none."""
        if self._socket is not None:
            self._reactor.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _ask(self, *, anew: bool = True) -> str:
        """The scheduler's next answer, a line.

        Raises:
            SilentError: there is none.
        """
        if not self._attached():
            self.close()
            raise SilentError(_AWAY)
        deadline = time.monotonic_ns() + int(ANSWER_S * _NS)
        if self._socket is None or self._ended:
            self.close()
            if not anew:
                raise SilentError(f"it closed the connection to {self._path}")
            self._connect(deadline)
        try:
            return self._answer(deadline)
        except SilentError:
            # a late answer must not pass for that to another request
            self.close()
            raise

    def _connect(self, deadline: int) -> None:
        """Waits for the socket, which schedulers make after they are attached."""
        while True:
            mine = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK)
            try:
                mine.connect(self._path)
            except OSError as error:
                mine.close()
                if not self._attached():
                    raise SilentError(_AWAY) from error
                # once is enough: one that does not offer it must not hold up every step
                if self._absent or time.monotonic_ns() >= deadline:
                    self._absent = True
                    why = os.strerror(error.errno or 0)
                    raise SilentError(f"nobody listens at {self._path}: {why}") from error
            else:
                break
            self._reactor.wait(time.monotonic_ns() + _AGAIN_NS, lambda: False)
        self._socket, self._heard, self._ended = mine, b"", False
        self._reactor.watch(mine.fileno(), self._hear)

    def _answer(self, deadline: int) -> str:
        assert self._socket is not None
        self._heard = b""
        with contextlib.suppress(OSError):  # its end is heard
            self._socket.send(REQUEST)
        self._reactor.wait(
            deadline, lambda: b"\n" in self._heard or self._ended or not self._attached()
        )
        line, newline, _ = self._heard.partition(b"\n")
        if not newline and not self._attached():
            raise SilentError(_AWAY)
        if len(self._heard) > _LONGEST:
            raise SilentError(f"its answer is longer than {_LONGEST} bytes")
        if newline:
            return line.decode(errors="replace")
        if self._ended:
            raise SilentError(f"it closed the connection to {self._path}")
        raise SilentError(f"it did not answer at {self._path} within {ANSWER_S:g} s")

    def _hear(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(_PIECE)
        except OSError:
            data = b""
        self._heard += data
        if not data or len(self._heard) > _LONGEST:
            self._ended = True
            self._reactor.forget(self._socket.fileno())
