# SPDX-License-Identifier: Apache-2.0
"""What joins the workers of a group apart from shared memory: pipes and eventfds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ktstr.model.work.work import Work


class JoinedFiles:
    """The pipes of each pair and the eventfd of each group, until the workers have inherited them.

    Raises:
        OSError: one cannot be made.
    """

    def __init__(self, work: Work, count: int) -> None:
        self._size = work.type.group_size
        # pipes[2k] leads from worker 2k to 2k+1, pipes[2k+1] back
        self._pipes = [os.pipe() for _ in range(count)] if work.type.by_pipes else []
        self._events = (
            [os.eventfd(0, os.EFD_SEMAPHORE | os.EFD_NONBLOCK) for _ in range(count // self._size)]
            if work.type.by_eventfd
            else []
        )

    def of(self, index: int) -> dict[str, int]:
        """The descriptors of worker `index`, by their names in `Descriptors`."""
        if self._pipes:
            return {"incoming": self._pipes[index ^ 1][0], "outgoing": self._pipes[index][1]}
        return {"event": self._events[index // self._size]} if self._events else {}

    def close(self) -> None:
        """Closes them all here."""
        for pair in self._pipes:
            for end in pair:
                os.close(end)
        for event in self._events:
            os.close(event)
