# SPDX-License-Identifier: Apache-2.0
"""The payloads that a test function has started, until each has come to its end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ktstr.guest.function.payload_handle import PayloadBuilder, drop
from ktstr.guest.system.failures import Failures

if TYPE_CHECKING:
    from ktstr.guest.payload.run import Payloads, RunningPayload
    from ktstr.guest.system.port import Sink
    from ktstr.model.payload import PayloadRun


class Bench:
    """Starts payloads for a test function and knows which are left when it returns."""

    def __init__(self, payloads: Payloads, sink: Sink) -> None:
        self._payloads, self._sink = payloads, sink
        self._running: list[RunningPayload] = []

    def builder(self, name: str) -> PayloadBuilder:
        """A builder of runs of one payload.

        Raises:
            UsageError: the target has none of this name.
        """
        return PayloadBuilder(self._payloads.named(name), self.start)

    def start(self, run: PayloadRun) -> RunningPayload:
        """Starts a run.

        Raises:
            UsageError, InfraError: as `Payloads.start`.
        """
        running = self._payloads.start(run, self._sink)
        self._running = [each for each in self._running if each.facts is None]
        self._running.append(running)
        return running

    def close(self) -> None:
        """Ends what was left behind; goes on past what fails.

        Raises:
            InfraError: some could not be ended.
        """
        failures = Failures()
        for running in self._running:
            failures.attempt(partial(drop, running))
        self._running = []
        failures.tell()
