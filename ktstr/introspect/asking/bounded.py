# SPDX-License-Identifier: Apache-2.0
"""Memory whose readers are stopped once an answer has taken too long."""

from __future__ import annotations

import time
from collections.abc import Callable

from ktstr.introspect.memory.memory import Memory, MemoryFault

# Host seconds for one answer, less than what the plugin waits for (Watch.hold_s). An answer takes
# milliseconds: whoever comes here follows what a guest has corrupted, or a host that stands still.
ANSWER_S = 20.0


class BoundedMemory:
    """Passes on what is asked for in time; `begin` starts the time anew."""

    def __init__(
        self, memory: Memory, seconds: float = ANSWER_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._memory, self._seconds, self._clock = memory, seconds, clock
        self._end = clock() + seconds

    def begin(self) -> None:
        """From now on there is all of the time."""
        self._end = self._clock() + self._seconds

    def read(self, address: int, size: int) -> bytes:
        """Raises MemoryFault as the memory does, and once the time is over."""
        self._check("read", address, size)
        return self._memory.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Raises MemoryFault as the memory does, and once the time is over."""
        self._check("write", address, len(data))
        self._memory.write(address, data)

    def _check(self, what: str, address: int, size: int) -> None:
        if self._clock() > self._end:
            raise MemoryFault(
                what, address, size, f"the host has looked for {self._seconds:g} s, its limit"
            )
