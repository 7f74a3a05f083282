# SPDX-License-Identifier: Apache-2.0
"""Code that was reached, as stretches of addresses: what is new of a run, and how much in all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

# [start, end)
Stretch = tuple[int, int]


class Ground:
    """A union of stretches."""

    def __init__(self, stretches: Iterable[Stretch] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.size = 0
        for start, end in stretches:
            self.add(start, end)

    def add(self, start: int, end: int) -> int:
        """Puts a stretch to it; how many bytes of it are new."""
        if start >= end:
            return 0
        # all that it meets or touches become one with it
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        low = min(start, self._starts[first]) if first < last else start
        high = max(end, self._ends[last - 1]) if first < last else end
        had = sum(self._ends[at] - self._starts[at] for at in range(first, last))
        self._starts[first:last] = [low]
        self._ends[first:last] = [high]
        self.size += high - low - had
        return high - low - had

    def gain(self, stretches: Iterable[Stretch]) -> int:
        """Puts all of them to it; how many bytes are new."""
        return sum(self.add(start, end) for start, end in stretches)

    def __iter__(self) -> Iterator[Stretch]:
        return zip(self._starts, self._ends, strict=True)

    def beyond(self, stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
        """Those of which any byte is not in it."""
        return tuple(each for each in stretches if not self._has(*each))

    def _has(self, start: int, end: int) -> bool:
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and end <= self._ends[at]
