# SPDX-License-Identifier: Apache-2.0
"""The recorder's process: only in a guest that is to fail once more in real time (ktstr/sampler).

It is never told to end: to give back its programs one by one would take seconds, and the guest's
end gives back all.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ktstr.guest.system.service import SAMPLER, Service, UnavailableError
from ktstr.model.facts import Event
from ktstr.model.wire.events import EventName
from ktstr.model.wire.recording import LABOUR_S, Labour, Recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor

OBJECT = "/sampler/recorder.bpf.o"


class Recorder:
    """Records from `start` on.  It raises nothing: what goes wrong is the `error` of its facts."""

    def __init__(self, reactor: Reactor, sink: Sink, program: str = SAMPLER) -> None:
        self._service = Service(reactor, program, "recorder", OBJECT)
        self._sink = sink
        self._errors: list[str] = []
        self._starts = False

    def start(self) -> None:
        """Starts it, and waits until its programs stand where the host wants them."""
        with self._labour(Labour.LOADING):
            try:
                self._service.start("attachment of its programs", LABOUR_S[Labour.LOADING])
            except (OSError, UnavailableError) as error:
                self._errors.append(f"nothing was recorded in the guest: {error}")
                return
            self._starts = True

    def follow(self) -> None:
        """A scheduler has come: its callbacks are recorded, too."""
        with self._labour(Labour.CALLBACKS):
            otherwise = "callbacks of the scheduler were not recorded"
            self._ask("callbacks", Labour.CALLBACKS, otherwise)

    def finish(self) -> None:
        """Emits all that was recorded, at which the recording ends."""
        with self._labour(Labour.TELLING):
            lines = self._ask("tell", Labour.TELLING, "the guest does not tell what it recorded")
            self._sink.emit(Recorded.of(lines, "; ".join(self._errors)))

    @contextmanager
    def _labour(self, labour: Labour) -> Iterator[None]:
        """The test waits meanwhile, which is no time of its own: the host is told."""
        self._sink.emit(Event(time.monotonic_ns(), EventName.RECORDER_BEGIN, None, labour))
        try:
            yield
        finally:
            self._sink.emit(Event(time.monotonic_ns(), EventName.RECORDER_END, None, labour))

    def _ask(self, request: str, labour: Labour, otherwise: str) -> list[bytes]:
        if not self._starts:
            return []
        try:
            return self._service.ask(request, LABOUR_S[labour])
        except (OSError, UnavailableError) as error:
            self._errors.append(f"{otherwise}: {error}")
            return []
