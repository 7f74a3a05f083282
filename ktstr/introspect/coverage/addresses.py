# SPDX-License-Identifier: Apache-2.0
"""Sets of addresses: blocks of code that ran."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable


class Addresses:
    """Half-open stretches, put together where they touch."""

    def __init__(self, stretches: Iterable[tuple[int, int]]) -> None:
        found = joined(each for each in stretches if each[0] < each[1])
        self._starts = [start for start, _ in found]
        self._ends = [end for _, end in found]

    def touch(self, start: int, end: int) -> bool:
        """Whether any address of [start, end) is among them."""
        at = bisect_left(self._starts, end) - 1
        return at >= 0 and self._ends[at] > start


def joined(stretches: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """In order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)
