# SPDX-License-Identifier: Apache-2.0
"""Memory that can be read for so long only: what a guest holds cannot make a reader late."""

from __future__ import annotations

import time
from collections.abc import Callable

from ktstr.introspect.memory.memory import MemoryFault, PhysicalMemory


class BoundedMemory:
    """Another memory, which has nothing more once its time is over, or its bytes are read."""

    def __init__(
        self,
        memory: PhysicalMemory,
        seconds: float,
        most_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._memory = memory
        self._clock = clock
        self._seconds = seconds
        self._ends_at = clock() + seconds
        self._most = most_bytes
        self._left = most_bytes

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be read."""
        return self._left < 0 or self._clock() >= self._ends_at

    def read(self, physical: int, size: int) -> bytes:
        """Bytes of the other memory.

        Raises:
          MemoryFault: as the other one does, and when the time is over.
        """
        self._left -= size
        if self._left < 0:
            reason = f"{self._most >> 20} MiB of it have been read, which is all that may be"
            raise MemoryFault("read physical", physical, size, reason)
        if self._clock() >= self._ends_at:
            reason = f"the {self._seconds:.1f} s for it are over"
            raise MemoryFault("read physical", physical, size, reason)
        return self._memory.read(physical, size)

    def write(self, physical: int, data: bytes) -> None:
        """What is read of a guest that has ended is not changed.

        Raises:
          MemoryFault: always.
        """
        raise MemoryFault("write physical", physical, len(data), "its guest has ended")
