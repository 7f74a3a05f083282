# SPDX-License-Identifier: Apache-2.0
"""A process of ktstr/sampler: started, asked line by line, and ended."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from ktstr.guest.system.realtime import children_shielded

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

PROGRAM = "/sampler/ktstr-sampler"
# the kernel reads its types, verifies and compiles the programs
_READY_S = 20.0
_ANSWER_S = 5.0
_KILL_S = 1.0
_NS = 1_000_000_000
_PIECE = 1 << 16


class UnavailableError(Exception):
    """It cannot serve, or not any more; the text says why."""


class Service:
    """One such process, a child of this one, while `reactor` is what waits for it."""

    def __init__(self, reactor: Reactor, program: str, *arguments: str) -> None:
        self._reactor, self._command = reactor, [program, *arguments]
        self._pid = self._pidfd = self._requests = self._answers = -1
        self._buffer = b""
        self._lines: list[bytes] = []
        self._ended = self._reaped = False

    def start(self, what: str) -> None:
        """Starts it and waits until it is ready; `what` names what that takes.

        Raises:
            UnavailableError: it ended, says that it cannot, or takes too long.
            OSError: it cannot be started.
        """
        self._spawn()
        try:
            self._await(_READY_S, what)
        except UnavailableError:
            if not self._reaped:
                # it must not go on in the real-time class beside what is tested
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self.end()
            raise

    def ask(self, line: str) -> list[bytes]:
        """Sends a request and returns the records of the answer, JSON, a line each.

        Raises:
            UnavailableError: it ended, refuses, or takes too long.
            OSError: it is gone.
        """
        os.write(self._requests, line.encode() + b"\n")
        return self._await(_ANSWER_S, f"answer to {line!r}")

    def end(self) -> None:
        """Ends it, whatever it is doing, and gives all back; harmless if it never began."""
        if self._requests >= 0:
            os.close(self._requests)
            self._requests = -1
        if self._pid >= 0:
            # it ends with its input; one that does not, be it stuck, is killed
            if not self._await_end(_ANSWER_S):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                # one that waits in the kernel for tasks that nobody runs ends with the machine
                self._await_end(_KILL_S)
            self._reactor.forget(self._pidfd)
            os.close(self._pidfd)
            self._pid = -1
        if self._answers >= 0:
            self._reactor.forget(self._answers)
            os.close(self._answers)
            self._answers = -1

    def _spawn(self) -> None:
        (stdin, self._requests), (self._answers, stdout) = os.pipe(), os.pipe()
        try:
            # real-time from its first instruction: the scheduler under test must not hold it up
            with children_shielded():
                self._pid = os.posix_spawn(
                    self._command[0],
                    self._command,
                    os.environ,
                    file_actions=[
                        (os.POSIX_SPAWN_DUP2, stdin, 0),
                        (os.POSIX_SPAWN_DUP2, stdout, 1),
                    ],
                )
        finally:
            os.close(stdin)
            os.close(stdout)
        self._pidfd = os.pidfd_open(self._pid)
        self._reactor.watch(self._pidfd, self._reap)
        self._reactor.watch(self._answers, self._read)

    def _await_end(self, seconds: float) -> bool:
        deadline = time.monotonic_ns() + int(seconds * _NS)
        return self._reactor.wait(deadline, lambda: self._reaped)

    def _reap(self) -> None:
        os.waitpid(self._pid, 0)
        self._reaped = True
        self._reactor.forget(self._pidfd)

    def _read(self) -> None:
        data = os.read(self._answers, _PIECE)
        if not data:
            self._ended = True
            self._reactor.forget(self._answers)
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._lines += lines

    def _await(self, seconds: float, what: str) -> list[bytes]:
        """The lines of an answer, without its last, `ok`."""
        deadline = time.monotonic_ns() + int(seconds * _NS)
        self._reactor.wait(deadline, lambda: self._ended or self._answered)
        if not self._answered:
            why = "it ended" if self._ended else f"{seconds:g} s were not enough"
            raise UnavailableError(f"no {what}: {why}")
        *lines, last = self._lines
        self._lines = []
        if last != b"ok":
            raise UnavailableError(last.decode(errors="replace").removeprefix("error "))
        return lines

    @property
    def _answered(self) -> bool:
        return bool(self._lines) and not self._lines[-1].startswith(b"{")
