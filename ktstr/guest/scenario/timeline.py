# SPDX-License-Identifier: Apache-2.0
"""A scenario's time line: the events that were sent, remembered for those who wait for one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ktstr.model.facts import Event

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.model.wire.events import EventName


class Timeline:
    """A sink that passes all on, and knows which events there were."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._details: dict[str, list[str]] = {}

    def emit(self, fact: Any) -> None:
        """Passes a fact on."""
        if isinstance(fact, Event):
            self._details.setdefault(fact.name, []).append(fact.detail)
        self._sink.emit(fact)

    def event(self, name: EventName, step: int | None = None, detail: str = "") -> None:
        """Sends an event of now."""
        self.emit(Event(time.monotonic_ns(), name, step, detail))

    def seen(self, name: str, text: str) -> bool:
        """Whether an event of this name, with `text` in its detail, was sent."""
        return any(text in detail for detail in self._details.get(name, ()))

    def names(self) -> str:
        """The names of the events so far, for a message."""
        return ", ".join(sorted(self._details)) or "none"
