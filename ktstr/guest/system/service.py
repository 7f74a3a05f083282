# SPDX-License-Identifier: Apache-2.0
"""A process of ktstr/sampler: started, asked line by line, and ended."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from ktstr.guest.system.program import Program
from ktstr.guest.system.realtime import children_shielded

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

SAMPLER = "/sampler/ktstr-sampler"
# the kernel reads its types, verifies and compiles the programs
_READY_S = 20.0
_ANSWER_S = 5.0
_KILL_S = 1.0
_NS = 1_000_000_000


class UnavailableError(Exception):
    """It cannot serve, or not any more; the text says why."""


class Service:
    """One such process, a child of this one, while `reactor` is what waits for it."""

    def __init__(self, reactor: Reactor, program: str, *arguments: str) -> None:
        self._reactor = reactor
        self._program = Program(reactor, (program, *arguments), {1: self._take})
        self._buffer = b""
        # of the answer that is coming; and how many have come, that it is ready among them
        self._records: list[bytes] = []
        self._answers, self._due = 0, 1
        self._answer: tuple[list[bytes], bytes] = ([], b"")

    def start(self, what: str, seconds: float = _READY_S) -> None:
        """Starts it and waits until it is ready, so long at most; `what` names what that takes.

        Raises:
            UnavailableError: it ended, says that it cannot, or takes too long.
            OSError: it cannot be started.
        """
        # real-time from its first instruction: the scheduler under test must not hold it up
        with children_shielded():
            self._program.start()
        try:
            self._await(seconds, what)
        except UnavailableError:
            # it must not go on in the real-time class beside what is tested
            self._program.send(signal.SIGKILL)
            self.end()
            raise

    def ask(self, line: str, seconds: float = _ANSWER_S) -> list[bytes]:
        """Sends a request and returns the records of the answer, JSON, a line each.

        seconds: that are waited for it at most; later requests have their own answers all the same.

        Raises:
            UnavailableError: it ended, refuses, or takes too long.
            OSError: it is gone.
        """
        self._program.say(line.encode() + b"\n")
        # answers come in order: a late one to a request given up must not pass for this one's
        self._due += 1
        return self._await(seconds, f"answer to {line!r}")

    def end(self) -> None:
        """Ends it, whatever it is doing, and gives all back; harmless if it never began."""
        self._program.hang_up()
        # it ends with its input; one that does not, be it stuck, is killed
        if self._program.is_followed and not self._program.await_end(_ANSWER_S):
            self._program.send(signal.SIGKILL)
            # one that waits in the kernel for tasks that nobody runs ends with the machine
            self._program.await_end(_KILL_S)
        self._program.release()

    def _take(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                self._records.append(line)
                continue
            self._answer = self._records, line
            self._records = []
            self._answers += 1

    def _await(self, seconds: float, what: str) -> list[bytes]:
        """The records of the answer that is due, whose last line is `ok`."""
        deadline = time.monotonic_ns() + int(seconds * _NS)
        self._reactor.wait(deadline, lambda: self._program.is_silent or self._is_answered)
        if not self._is_answered:
            why = "it ended" if self._program.is_silent else f"{seconds:g} s were not enough"
            raise UnavailableError(f"no {what}: {why}")
        (records, last), self._answer = self._answer, ([], b"")
        if last != b"ok":
            raise UnavailableError(last.decode(errors="replace").removeprefix("error "))
        return records

    @property
    def _is_answered(self) -> bool:
        return self._answers >= self._due
