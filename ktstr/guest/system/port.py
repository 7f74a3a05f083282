# SPDX-License-Identifier: Apache-2.0
"""Where facts go: anything that takes records as numbered frames."""

from __future__ import annotations

import os
from typing import Any, Protocol

from ktstr.model.codec import encode
from ktstr.model.facts import (
    CgroupFacts,
    DiskFacts,
    End,
    Event,
    LogChunk,
    PayloadFacts,
    ScenarioFacts,
    SchedulerFacts,
    TestFacts,
    WorkerFacts,
)
from ktstr.model.wire.frames import FrameType, encode_frame

_TYPES = {
    Event: FrameType.EVENT,
    WorkerFacts: FrameType.WORKER,
    CgroupFacts: FrameType.CGROUP,
    SchedulerFacts: FrameType.SCHEDULER,
    LogChunk: FrameType.LOG,
    ScenarioFacts: FrameType.SCENARIO,
    TestFacts: FrameType.TEST,
    PayloadFacts: FrameType.PAYLOAD,
    DiskFacts: FrameType.DISK,
    End: FrameType.END,
}


class Sink(Protocol):
    """Takes facts in the order they happened."""

    def emit(self, fact: Any) -> None:
        """Sends one record of `ktstr.model.facts`."""


class FramePort:
    """Writes facts as frames to a file descriptor that blocks until it has taken them.

    `sent` counts the frames of this stream so far, those before `first` included.
    """

    def __init__(self, descriptor: int, first: int = 0) -> None:
        self._descriptor = descriptor
        self.sent = first

    def emit(self, fact: Any) -> None:
        """Writes one fact; what few guests send says its frame's type itself (`frame_type`).

        Raises:
            OSError: the other end is gone.
        """
        self.forward(_TYPES.get(type(fact)) or fact.frame_type, encode(fact))

    def forward(self, frame_type: int, body: Any) -> None:
        """Writes a frame whose body is encoded already."""
        view = memoryview(encode_frame(frame_type, self.sent, body))
        self.sent += 1
        while view:
            view = view[os.write(self._descriptor, view) :]
