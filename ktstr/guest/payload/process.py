# SPDX-License-Identifier: Apache-2.0
"""A payload's process: its output as it comes, its end, and the end of all that it made."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ktstr.guest.payload import remains
from ktstr.guest.payload.capture import Capture
from ktstr.guest.payload.launch import Command, launch, refusal

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.errors import InfraError, UsageError

_NS = 1_000_000_000
_PIECE = 1 << 16
# guest seconds that each wait may take
EXECUTE_S = 5.0
KILL_S = 2.0
LINGER_S = 1.0


class PayloadProcess:
    """A program that was started; its output is taken while anybody waits on the reactor.

    ended_ns: None until the leader has ended.  status: as of waitpid, None if it is not known.
    refused: why the program was not executed.  trouble: why it could not be followed.
    """

    def __init__(self, command: Command, place: Callable[[int], None], reactor: Reactor) -> None:
        """Starts it.

        Raises:
            InfraError, UsageError: as `launch`.
        """
        started = launch(command, place)
        self.pid, self.started_ns = started.pid, started.started_ns
        self.ended_ns: int | None = None
        self.status: int | None = None
        self.refused: UsageError | InfraError | None = None
        self.trouble = ""
        self.out, self.err = Capture(), Capture()
        self.notes: list[str] = []
        self.left_behind: list[str] = []
        self._command, self._reactor = command, reactor
        self._pidfd, self._verdict = started.pidfd, started.verdict
        self._streams = {started.stdout: ("stdout", self.out), started.stderr: ("stderr", self.err)}
        self._remnants: list[remains.Remnant] = []
        reactor.watch(self._pidfd, self._reap)
        reactor.watch(self._verdict, self._judge)
        for descriptor, (_, capture) in self._streams.items():
            reactor.watch(descriptor, partial(self._take, descriptor, capture))

    @property
    def ended(self) -> bool:
        """Whether the leader has ended."""
        return self.ended_ns is not None

    def await_execution(self, timeout_s: float | None = None) -> None:
        """Waits until the program is executed, or it is known that it will not be.

        That may take EXECUTE_S, but no longer than the payload itself (`timeout_s`) may.
        """
        seconds = EXECUTE_S if timeout_s is None else min(EXECUTE_S, timeout_s)
        begun = self._reactor.wait(
            time.monotonic_ns() + int(seconds * _NS), lambda: self._verdict < 0 or self.ended
        )
        if not begun:
            self.notes.append(
                f"not executed within {seconds:g} s of being told to: nothing ran its process"
            )

    def send_kill(self) -> None:
        """Sends SIGKILL to its group, and to the leader, which may not lead one yet."""
        if self._command.own_group:
            remains.kill_group(self.pid)
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass  # somebody else has reaped it: its pidfd says that it has ended

    def kill(self) -> None:
        """Kills it and waits for the leader's end."""
        if self.ended:
            return
        self.send_kill()
        deadline = time.monotonic_ns() + int(KILL_S * _NS)
        if not self._reactor.wait(deadline, lambda: self.ended):
            self.trouble = f"still there {KILL_S:g} s after SIGKILL"

    def settle(self) -> None:
        """After the end: waits, each time for so long, until nobody is left and all is read."""
        self._await_gone()
        if not self._drained(LINGER_S) and self._streams:
            self._end_holders()
        for descriptor, (name, _) in list(self._streams.items()):
            self.notes.append(f"{name} is closed although somebody unknown still holds it")
            self._shut(descriptor)
        if self._verdict >= 0:
            self._judge()
        if self._verdict >= 0:
            self._close_verdict()
        if self._pidfd >= 0:
            self._release()

    def _take(self, descriptor: int, capture: Capture) -> None:
        try:
            data = os.read(descriptor, _PIECE)
        except BlockingIOError:
            return
        capture.add(data)
        if not data:
            self._shut(descriptor)

    def _judge(self) -> None:
        try:
            text = os.read(self._verdict, _PIECE)
        except BlockingIOError:
            return
        if text:
            self.refused = refusal(self._command.program, text)
        self._close_verdict()

    def _reap(self) -> None:
        self.ended_ns = time.monotonic_ns()
        if self._command.own_group:
            # before it is reaped: until then its number cannot be anybody else's group
            self._remnants = remains.members_of(self.pid, self.pid)
            self.left_behind += [each.name for each in self._remnants]
            remains.kill_group(self.pid)
        try:
            self.status = os.waitpid(self.pid, 0)[1]
        except ChildProcessError:
            self.trouble = (
                "its exit status is lost: the test's own process reaped it (os.wait), or ignores "
                "SIGCHLD"
            )
        if self._verdict >= 0:
            # it may have been written after the verdict was last looked for, and before this end
            self._judge()
        self._release()

    def _await_gone(self) -> None:
        for each in remains.await_gone(self._remnants, self._reactor, KILL_S):
            self.notes.append(f"{each.name} is still there {KILL_S:g} s after SIGKILL")
        self._remnants = []

    def _end_holders(self) -> None:
        """Somebody has left the group and keeps an output open: it must not keep the test."""
        names = " and ".join(name for name, _ in self._streams.values())
        self._remnants = remains.holders_of(self._streams)
        for each in self._remnants:
            self.left_behind.append(each.name)
            self.notes.append(
                f"{each.name}, outside the payload's process group, held its {names} open "
                f"{LINGER_S:g} s after the leader's end, and was killed"
            )
        remains.kill(self._remnants)
        self._await_gone()
        self._drained(LINGER_S)

    def _drained(self, seconds: float) -> bool:
        deadline = time.monotonic_ns() + int(seconds * _NS)
        return self._reactor.wait(deadline, lambda: not self._streams)

    def _shut(self, descriptor: int) -> None:
        self._reactor.forget(descriptor)
        del self._streams[descriptor]
        os.close(descriptor)

    def _close_verdict(self) -> None:
        self._reactor.forget(self._verdict)
        os.close(self._verdict)
        self._verdict = -1

    def _release(self) -> None:
        self._reactor.forget(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
