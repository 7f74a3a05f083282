# SPDX-License-Identifier: Apache-2.0
"""Where facts go: anything that takes records as numbered frames."""

from __future__ import annotations

import os
from typing import Any, Protocol

from ktstr.model.codec import encode
from ktstr.model.wire.frames import encode_frame


class Sink(Protocol):
    """Takes facts in the order they happened."""

    def emit(self, fact: Any) -> None:
        """Sends one record that has a `frame_type`."""


class FramePort:
    """Writes facts as frames to a file descriptor that blocks until it has taken them.

    `sent` counts the frames of this stream so far, those before `first` included.
    """

    def __init__(self, descriptor: int, first: int = 0) -> None:
        self._descriptor = descriptor
        self.sent = first

    def emit(self, fact: Any) -> None:
        """Writes one fact, whose class says the type of its frame.

        Raises:
            OSError: the other end is gone.
        """
        self.forward(fact.frame_type, encode(fact))

    def forward(self, frame_type: int, body: Any) -> None:
        """Writes a frame whose body is encoded already."""
        view = memoryview(encode_frame(frame_type, self.sent, body))
        self.sent += 1
        while view:
            view = view[os.write(self._descriptor, view) :]
