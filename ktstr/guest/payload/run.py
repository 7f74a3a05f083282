# SPDX-License-Identifier: Apache-2.0
"""One run of a payload, from its start to the facts about it."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ktstr.guest.payload.launch import Command
from ktstr.guest.payload.process import PayloadProcess
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.exit_status import signal_name
from ktstr.model.facts import PayloadFacts
from ktstr.model.metrics import Extraction, extract_from
from ktstr.model.payload import PayloadEnd, Stream
from ktstr.model.payload_run import payload_named

if TYPE_CHECKING:
    from ktstr.guest.system.cgroups import CgroupTree
    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.payload import Payload, PayloadRun

_NS = 1_000_000_000
_NEVER_NS = 1 << 62


class Payloads:
    """The target's payloads in this process; numbers the runs in the order they end."""

    def __init__(self, payloads: tuple[Payload, ...], tree: CgroupTree, reactor: Reactor) -> None:
        self.payloads, self.reactor = payloads, reactor
        self._tree = tree
        self._ended = itertools.count()

    def named(self, name: str) -> Payload:
        """The payload of this name.

        Raises:
            UsageError: there is none.
        """
        return payload_named(self.payloads, name)

    def start(self, run: PayloadRun, sink: Sink, step: int | None = None) -> RunningPayload:
        """Starts a run; what becomes of it goes to `sink`, also if it cannot be started.

        Raises:
            UsageError: its cgroup does not exist, or the program cannot be executed as it is.
            InfraError: it could not be placed, or the machine refuses.
        """
        payload = self.named(run.payload)
        command = Command(payload.program, run.args, payload.path, not payload.uses_parent_pgrp)
        asked_ns = time.monotonic_ns()
        process = None
        try:
            process = PayloadProcess(command, lambda pid: self._place(run, pid), self.reactor)
            process.await_execution(run.timeout_s)
            if process.refused is not None:
                process.settle()
                raise process.refused
        except (UsageError, InfraError) as error:
            text = f"payload {run.payload!r}: {error}"
            sink.emit(self._not_started(run, command, step, asked_ns, text))
            raise type(error)(text) from error
        return RunningPayload(payload, run, command, step, process, self, sink)

    def next_index(self) -> int:
        """The number of the run that ends now."""
        return next(self._ended)

    def _place(self, run: PayloadRun, pid: int) -> None:
        if run.cgroup is None:
            return
        if not self._tree.exists(run.cgroup):
            there = ", ".join(self._tree.names()) or "none"
            raise UsageError(f"cgroup {run.cgroup!r} does not exist; existing cgroups: {there}")
        try:
            self._tree.place(run.cgroup, pid)
        except InfraError as error:
            raise InfraError(f"cannot be placed in cgroup {run.cgroup!r}: {error}") from error

    def _not_started(
        self, run: PayloadRun, command: Command, step: int | None, asked_ns: int, error: str
    ) -> PayloadFacts:
        return PayloadFacts(
            payload=run.payload,
            index=self.next_index(),
            cgroup=run.cgroup,
            step=step,
            argv=command.argv,
            pid=None,
            started_ns=asked_ns,
            ended_ns=time.monotonic_ns(),
            end=PayloadEnd.NOT_STARTED,
            exit_code=-1,
            signal="",
            stdout_bytes=0,
            stderr_bytes=0,
            stdout_truncated=False,
            stderr_truncated=False,
            stdout_tail="",
            stderr_tail="",
            checks=run.checks,
            error=error,
        )


class RunningPayload:
    """A run that was started.  `facts` is None until it has been brought to its end."""

    def __init__(
        self,
        payload: Payload,
        run: PayloadRun,
        command: Command,
        step: int | None,
        process: PayloadProcess,
        payloads: Payloads,
        sink: Sink,
    ) -> None:
        self.step = step
        self.facts: PayloadFacts | None = None
        self._payload, self._run, self._command = payload, run, command
        self._process, self._payloads, self._sink = process, payloads, sink
        self._owner = os.getpid()
        self._cause: PayloadEnd | None = None
        self._alarm: int | None = None
        if run.timeout_s is not None:
            when = process.started_ns + int(run.timeout_s * _NS)
            self._alarm = payloads.reactor.at(when, self._time_out)

    @property
    def name(self) -> str:
        """The payload's name."""
        return self._run.payload

    @property
    def pid(self) -> int:
        """The leader's process number."""
        return self._process.pid

    @property
    def foreign(self) -> bool:
        """Whether this is a copy in a process that a test function has forked."""
        return os.getpid() != self._owner

    def look(self) -> bool:
        """Takes what has happened by now; returns whether it has ended."""
        self._payloads.reactor.wait(time.monotonic_ns(), lambda: False)
        return self._over()

    def wait(self, seconds: float | None = None, stop: Callable[[], bool] | None = None) -> bool:
        """Waits for its end, its timeout, `seconds` or `stop()`; returns whether it has ended."""
        deadline = _NEVER_NS if seconds is None else time.monotonic_ns() + int(seconds * _NS)
        self._payloads.reactor.wait(deadline, lambda: self._over() or (stop is not None and stop()))
        return self._over()

    def finish(self, cause: PayloadEnd, note: str = "") -> PayloadFacts:
        """Brings it to its end if it has not come to that itself, and emits its facts.

        `cause` and `note` are for the case that it still lives.
        """
        if self.facts is not None:
            return self.facts
        process = self._process
        if self._alarm is not None:
            self._payloads.reactor.cancel(self._alarm)
        if not process.ended:
            if self._cause is None:
                self._cause = cause
                process.notes += filter(None, [note])
            process.kill()
        process.settle()
        self.facts = self._facts()
        # a handle that is kept need not keep them
        process.out.release()
        process.err.release()
        self._sink.emit(self.facts)
        return self.facts

    def _over(self) -> bool:
        # what does not even die of SIGKILL must not be waited for; `finish` says that it did not
        return self._process.ended or self._cause is not None

    def _time_out(self) -> None:
        self._alarm = None
        if not self._process.ended:
            self._cause = PayloadEnd.TIMEOUT
            self._process.send_kill()

    def _facts(self) -> PayloadFacts:
        process, run = self._process, self._run
        end, code, name = self._end()
        found = Extraction()
        if end is not PayloadEnd.DROPPED:
            found = extract_from(self._payload, self._texts(), run.checks)
        outputs = (("stdout", process.out), ("stderr", process.err))
        cut = (f"{name}: {capture.note()}" for name, capture in outputs if capture.truncated)
        return PayloadFacts(
            payload=run.payload,
            index=self._payloads.next_index(),
            cgroup=run.cgroup,
            step=self.step,
            argv=self._command.argv,
            pid=process.pid,
            started_ns=process.started_ns,
            ended_ns=process.ended_ns or time.monotonic_ns(),
            end=end,
            exit_code=code,
            signal=name,
            stdout_bytes=process.out.total,
            stderr_bytes=process.err.total,
            stdout_truncated=process.out.truncated,
            stderr_truncated=process.err.truncated,
            stdout_tail=process.out.tail(),
            stderr_tail=process.err.tail(),
            metrics=found.metrics,
            notes=(*process.notes, *cut, *found.notes),
            checks=run.checks,
            left_behind=tuple(process.left_behind),
            error=str(process.refused or process.trouble),
        )

    def _texts(self) -> Iterator[tuple[Stream, str]]:
        yield Stream.STDOUT, self._process.out.text()
        yield Stream.STDERR, self._process.err.text()

    def _end(self) -> tuple[PayloadEnd, int, str]:
        """How it ended, its exit code, and the signal's name."""
        status = self._process.status
        if self._process.refused is not None:
            return PayloadEnd.NOT_STARTED, -1, ""
        if status is None:
            return self._cause or PayloadEnd.EXITED, -1, ""
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return PayloadEnd.EXITED, code, ""
        killed = self._cause is not None and -code == signal.SIGKILL
        end = self._cause if killed and self._cause else PayloadEnd.SIGNALLED
        return end, -1, signal_name(-code)
