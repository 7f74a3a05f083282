# SPDX-License-Identifier: Apache-2.0
"""One command in the guest, for `NAME.shell -- --exec`: what it prints, and how it ends."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ktstr.guest.system.child import Child
from ktstr.guest.system.outputs import Outputs
from ktstr.model.exit_status import describe_code
from ktstr.model.facts import Event, LogChunk, TestFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.plan import Plan

_SHELL = "/bin/busybox"
_NS = 1_000_000_000
_KILL_S = 2.0


class CommandRun:
    """The plan's command, run by the guest's shell in a session of its own."""

    def __init__(self, plan: Plan, reactor: Reactor, port: Sink, shell: str = _SHELL) -> None:
        """shell: the program, which must be a busybox or call itself `sh`."""
        self._plan, self._reactor, self._port, self._shell = plan, reactor, port, shell
        self._outputs = Outputs(reactor)

    def run(self) -> None:
        """Runs it to its end or its deadline; emits its output as it comes, then `TestFacts`.

        What it leaves running in its process group is killed.  Bytes that are no UTF-8 travel as
        lone surrogates, so that the host can restore them.

        Raises:
            OSError: there is no shell.
        """
        self._port.emit(Event(time.monotonic_ns(), EventName.TEST_START, None, ""))
        child = Child(self._reactor)
        child.follow(self._start())
        in_time = child.await_end(self._plan.deadlines.test_s)
        child.kill_group()
        deadline = time.monotonic_ns() + int(_KILL_S * _NS)
        self._reactor.wait(deadline, lambda: child.status is not None and self._outputs.have_ended)
        child.let_go()
        self._outputs.close()
        self._port.emit(self._facts(in_time, child.status))

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
        def take(data: bytes) -> None:
            self._port.emit(LogChunk(name, data.decode(errors="surrogateescape")))

        self._outputs.hear(descriptor, take)

    def _facts(self, in_time: bool, waited: int | None) -> TestFacts:
        status = None if waited is None else os.waitstatus_to_exitcode(waited)
        if not in_time or status is None:
            outcome = FunctionEnd.DEADLINE
            detail = f"it took longer than {self._plan.deadlines.test_s:g} s of guest time"
        else:
            outcome = FunctionEnd.SIGNALLED if status < 0 else FunctionEnd.EXITED
            detail = describe_code(status)
        notes = {} if status is None else {"status": status}
        return TestFacts(outcome, detail, "", (), 0, notes)
