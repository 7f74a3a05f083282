# SPDX-License-Identifier: Apache-2.0
"""One command in the guest, for `NAME.shell -- --exec`: what it prints, and how it ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ktstr.model.exit_status import describe_code
from ktstr.model.facts import Event, LogChunk, TestFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import Plan

_SHELL = "/bin/busybox"
_PIECE = 1 << 16
_NS = 1_000_000_000
_KILL_S = 2.0


class CommandRun:
    """The plan's command, run by the guest's shell in a session of its own."""

    def __init__(self, plan: Plan, reactor: Reactor, port: Sink, shell: str = _SHELL) -> None:
        """shell: the program, which must be a busybox or call itself `sh`."""
        self._plan, self._reactor, self._port, self._shell = plan, reactor, port, shell
        self._open: set[int] = set()
        self._status: int | None = None

    def run(self) -> None:
        """Runs it to its end or its deadline; emits its output as it comes, then `TestFacts`.

        What it leaves running in its process group is killed.  Bytes that are no UTF-8 travel as
        lone surrogates, so that the host can restore them.

        Raises:
            OSError: there is no shell.
        """
        self._port.emit(Event(time.monotonic_ns(), EventName.TEST_START, None, ""))
        pid = self._start()
        pidfd = os.pidfd_open(pid)
        self._reactor.watch(pidfd, lambda: self._reap(pid, pidfd))
        in_time = self._wait(self._plan.deadlines.test_s, lambda: self._status is not None)
        _kill(pid)
        self._wait(_KILL_S, lambda: self._status is not None and not self._open)
        for descriptor in (pidfd, *self._open):
            self._reactor.forget(descriptor)
            os.close(descriptor)
        self._port.emit(self._facts(in_time))

    def _start(self) -> int:
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        pid = os.posix_spawn(
            self._shell,
            ["sh", "-c", self._plan.command],
            os.environ,
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, out_end, 1),
                (os.POSIX_SPAWN_DUP2, err_end, 2),
            ],
        )
        os.close(out_end)
        os.close(err_end)
        self._pass_on(out, "stdout")
        self._pass_on(err, "stderr")
        return pid

    def _pass_on(self, descriptor: int, name: str) -> None:
        def take() -> None:
            data = os.read(descriptor, _PIECE)
            if data:
                self._port.emit(LogChunk(name, data.decode(errors="surrogateescape")))
                return
            self._reactor.forget(descriptor)
            self._open.discard(descriptor)
            os.close(descriptor)

        self._open.add(descriptor)
        self._reactor.watch(descriptor, take)

    def _reap(self, pid: int, pidfd: int) -> None:
        self._status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self._reactor.forget(pidfd)

    def _wait(self, seconds: float, done: Callable[[], bool]) -> bool:
        return self._reactor.wait(time.monotonic_ns() + int(seconds * _NS), done)

    def _facts(self, in_time: bool) -> TestFacts:
        status = self._status
        if not in_time or status is None:
            outcome = FunctionEnd.DEADLINE
            detail = f"it took longer than {self._plan.deadlines.test_s:g} s of guest time"
        else:
            outcome = FunctionEnd.SIGNALLED if status < 0 else FunctionEnd.EXITED
            detail = describe_code(status)
        notes = {} if status is None else {"status": status}
        return TestFacts(outcome, detail, "", (), 0, notes)


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass  # all of it has ended
