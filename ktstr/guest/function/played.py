# SPDX-License-Identifier: Apache-2.0
"""What came of a scenario that a test function has played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ktstr.model.facts import CgroupFacts, Event, PayloadFacts, ScenarioFacts, WorkerFacts
from ktstr.model.wire.frames import FrameType

if TYPE_CHECKING:
    from ktstr.guest.system.port import Sink
    from ktstr.model.wire.samples import SchedSample


@dataclass(frozen=True)
class Played:
    """What came of one scenario: the facts that the host will judge, for the function to look at.

    A scenario that was stopped, or whose step failed, says so in `scenario`, and raises nothing.
    """

    scenario: ScenarioFacts
    workers: tuple[WorkerFacts, ...]
    cgroups: tuple[CgroupFacts, ...]
    payloads: tuple[PayloadFacts, ...] = ()
    events: tuple[Event, ...] = ()
    samples: tuple[SchedSample, ...] = ()


class Tee:
    """Passes facts on and keeps those of workers, cgroups and payloads, and events."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.workers: list[WorkerFacts] = []
        self.cgroups: list[CgroupFacts] = []
        self.payloads: list[PayloadFacts] = []
        self.events: list[Event] = []
        self.samples: list[SchedSample] = []

    def emit(self, fact: Any) -> None:
        """Passes a fact on."""
        if isinstance(fact, WorkerFacts):
            self.workers.append(fact)
        elif isinstance(fact, CgroupFacts):
            self.cgroups.append(fact)
        elif isinstance(fact, PayloadFacts):
            self.payloads.append(fact)
        elif isinstance(fact, Event):
            self.events.append(fact)
        elif fact.frame_type is FrameType.SAMPLE:
            self.samples.append(fact)
        self._sink.emit(fact)
