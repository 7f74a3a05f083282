# SPDX-License-Identifier: Apache-2.0
"""The payloads that a scenario's ops have started, by name and cgroup (spec 2.4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ktstr.guest.system.failures import Failures
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.payload import PayloadEnd
from ktstr.model.payload_run import Key, check_timeout, describe_key, live_key
from ktstr.model.scenario.scenario import KillPayload, RunPayload, WaitPayload
from ktstr.model.validation.payload_ledger import run_of

if TYPE_CHECKING:
    from ktstr.guest.payload.run import Payloads, RunningPayload
    from ktstr.guest.system.port import Sink


class Background:
    """Carries out payload ops; one that was started is known until it is waited for or killed."""

    def __init__(self, payloads: Payloads, sink: Sink) -> None:
        self._payloads, self._sink = payloads, sink
        self._live: dict[Key, RunningPayload] = {}

    def run(self, op: RunPayload, step: int | None) -> None:
        """Starts one on behalf of `step` (None: the backdrop).

        Raises:
            UsageError: it runs already, is unknown, or cannot be run as it is asked for.
            InfraError: it could not be started.
        """
        run = run_of(op, self._payloads.payloads)
        key = (run.payload, run.cgroup)
        if key in self._live:
            raise UsageError(f"payload {describe_key(key)} runs already")
        self._live[key] = self._payloads.start(run, self._sink, step)

    def wait(self, op: WaitPayload, stop: Callable[[], bool]) -> None:
        """Waits for the end of one; kills it when the op's time is over.

        When `stop()` holds meanwhile, the payload is left to the end of its step.

        Raises:
            UsageError: it does not run, or the time is none.
        """
        check_timeout(op.timeout)
        key = live_key(self._live, op.payload, op.cgroup)
        running = self._live[key]
        if not running.wait(op.timeout, stop) and stop():
            return
        del self._live[key]
        running.finish(
            PayloadEnd.TIMEOUT, f"WaitPayload waited {op.timeout:g} s of guest time, then killed it"
        )

    def kill(self, op: KillPayload) -> None:
        """Kills one.

        Raises:
            UsageError: it does not run.
        """
        running = self._live.pop(live_key(self._live, op.payload, op.cgroup))
        running.look()
        running.finish(PayloadEnd.KILLED)

    def end_step(self, step: int | None) -> None:
        """Ends all that `step` (None: the backdrop) has started; goes on past what fails.

        Raises:
            InfraError: one could not be ended.
        """
        what = "scenario" if step is None else "step"
        failures = Failures()
        for key in [key for key, running in self._live.items() if running.step == step]:
            failures.attempt(partial(self._end, key, f"it still ran when its {what} ended"))
        failures.tell()

    def _end(self, key: Key, why: str) -> None:
        running = self._live.pop(key)
        try:
            running.look()
            running.finish(PayloadEnd.KILLED, why)
        except (OSError, InfraError) as error:
            raise InfraError(f"payload {describe_key(key)}: {error}") from error
