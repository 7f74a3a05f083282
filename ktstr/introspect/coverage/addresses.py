# SPDX-License-Identifier: Apache-2.0
"""Sets of addresses: blocks of code that ran."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable


class Addresses:
    """Half-open stretches, put together where they touch."""

    def __init__(self, stretches: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(stretches):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            elif start < end:
                self._starts.append(start)
                self._ends.append(end)

    def touch(self, start: int, end: int) -> bool:
        """Whether any address of [start, end) is among them."""
        at = bisect_left(self._starts, end) - 1
        return at >= 0 and self._ends[at] > start
