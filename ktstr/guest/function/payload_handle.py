# SPDX-License-Identifier: Apache-2.0
"""What a test function holds of a payload: a builder, a handle of a running one, a result."""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ktstr.guest.function.skipped import Skipped
from ktstr.model.errors import UsageError
from ktstr.model.payload import PayloadEnd
from ktstr.model.payload_checks import failed_checks, skip_reason
from ktstr.model.payload_run import compose_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from ktstr.guest.payload.run import RunningPayload
    from ktstr.model.facts import PayloadFacts
    from ktstr.model.payload import MetricCheck, Payload, PayloadRun

_NAMES_SHOWN = 10
_WARNING = (
    "the test function left its handle behind: its process group was killed, and its metrics are "
    "not recorded; use wait() or kill()"
)


@dataclass(frozen=True)
class PayloadResult:
    """What came of a run.  The host judges the same facts by the same checks."""

    facts: PayloadFacts

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence for each check that failed."""
        return failed_checks(self.facts)

    @property
    def ok(self) -> bool:
        """Whether no check failed and the payload could be followed to its end.

        So it is where the payload skipped itself: the host makes that the test's verdict.
        """
        return not self.failures and not self.facts.error

    @property
    def skipped(self) -> str:
        """Why the payload did not apply, if its exit code means SKIP; else empty."""
        return skip_reason(self.facts)

    def metric(self, name: str) -> float:
        """The value of a metric, by its dotted path.

        Raises:
            UsageError: the payload printed none of this name; the nearest are listed.
            Skipped: the payload skipped itself, and printed none for that; the test is skipped.
        """
        values = {metric.name: metric.value for metric in self.facts.metrics}
        if name not in values and self.skipped:
            raise Skipped(f"payload {self.facts.payload!r} {self.skipped}")
        if name not in values:
            near = difflib.get_close_matches(name, sorted(values), _NAMES_SHOWN, 0.0)
            raise UsageError(
                f"payload {self.facts.payload!r} printed no metric {name!r}; of {len(values)} the "
                f"nearest: {', '.join(near) or 'none'}"
            )
        return values[name]


@dataclass(frozen=True)
class PayloadBuilder:
    """A run as it is put together: every method but the last two gives a new builder.

    `run` and `spawn` may be called as often as wanted; each starts the payload anew.
    """

    _payload: Payload
    _start: Callable[[PayloadRun], RunningPayload]
    _args: tuple[str, ...] = ()
    _checks: tuple[MetricCheck, ...] = ()
    _clear_args: bool = False
    _clear_checks: bool = False
    _cgroup: str | None = None
    _timeout: float | None = None

    def arg(self, word: str) -> PayloadBuilder:
        """Adds one argument."""
        return self.args(word)

    def args(self, *words: str) -> PayloadBuilder:
        """Adds arguments."""
        return replace(self, _args=(*self._args, *words))

    def clear_args(self) -> PayloadBuilder:
        """Drops all arguments so far, the payload's own included."""
        return replace(self, _args=(), _clear_args=True)

    def check(self, *checks: MetricCheck) -> PayloadBuilder:
        """Adds checks, of `ktstr.metric`."""
        return replace(self, _checks=(*self._checks, *checks))

    def clear_checks(self) -> PayloadBuilder:
        """Drops all checks so far, the payload's own included."""
        return replace(self, _checks=(), _clear_checks=True)

    def in_cgroup(self, name: str) -> PayloadBuilder:
        """Runs it in a cgroup that a scenario has made, or one below /sys/fs/cgroup/ktstr."""
        return replace(self, _cgroup=name)

    def timeout(self, seconds: float) -> PayloadBuilder:
        """Kills it when it has run for so many guest seconds."""
        return replace(self, _timeout=seconds)

    def run(self) -> PayloadResult:
        """Runs it to its end or its timeout.

        Raises:
            UsageError: it cannot be run as it is asked for; nothing, or nothing of it, was run.
            InfraError: it could not be started.
        """
        running = self._start(self._compose(".run()"))
        running.wait()
        return PayloadResult(running.finish(PayloadEnd.KILLED))

    def spawn(self) -> PayloadHandle:
        """Starts it in the background.

        Raises:
            UsageError: it cannot be run as it is asked for; nothing, or nothing of it, was run.
            InfraError: it could not be started.
        """
        return PayloadHandle(self._start(self._compose(".spawn()")))

    def _compose(self, operation: str) -> PayloadRun:
        try:
            return compose_run(
                self._payload,
                self._args,
                self._checks,
                self._cgroup,
                self._timeout,
                clear_args=self._clear_args,
                clear_checks=self._clear_checks,
            )
        except UsageError as error:
            raise UsageError(f"payload {self._payload.name!r}{operation}: {error}") from error


class PayloadHandle:
    """A payload in the background.  `wait`, `kill`, and `try_wait` that finds the end, use it up.

    What it prints is taken while the function waits for anything of `ctx` or of a handle; a pipe
    holds 64 KiB, and a payload that has filled it stands still until then.
    """

    def __init__(self, running: RunningPayload) -> None:
        self._running = running
        self._used_by = ""

    @property
    def pid(self) -> int | None:
        """The process number of its leader; None once the handle is used up."""
        return None if self._used_by else self._running.pid

    def wait(self) -> PayloadResult:
        """Waits for its end, or its timeout if it has one.

        Raises:
            UsageError: the handle is used up.
        """
        self._use("wait()")
        self._running.wait()
        return PayloadResult(self._running.finish(PayloadEnd.KILLED))

    def try_wait(self) -> PayloadResult | None:
        """Its result if it has ended; None leaves the handle as it is.

        Raises:
            UsageError: the handle is used up.
        """
        self._refuse_used()
        if not self._running.look():
            return None
        self._use("try_wait()")
        return PayloadResult(self._running.finish(PayloadEnd.KILLED))

    def kill(self) -> PayloadResult:
        """Kills it with its process group; what it printed is looked at as ever.

        Raises:
            UsageError: the handle is used up.
        """
        self._use("kill()")
        self._running.look()
        return PayloadResult(self._running.finish(PayloadEnd.KILLED))

    def _use(self, operation: str) -> None:
        self._refuse_used()
        self._used_by = operation

    def _refuse_used(self) -> None:
        if self._used_by:
            raise UsageError(
                f"the handle of payload {self._running.name!r} is used up: {self._used_by} gave "
                f"its result, and there is only one"
            )

    def __del__(self) -> None:
        drop(self._running)


def drop(running: RunningPayload) -> None:
    """Ends a payload that a test function left behind, and warns; nothing if it has ended already.

    A copy of the function's process, made by fork, must not do it.
    """
    if running.facts is not None or running.foreign:
        return
    print(f"ktstr: payload {running.name!r}: {_WARNING}", file=sys.stderr, flush=True)
    running.finish(PayloadEnd.DROPPED, _WARNING)
