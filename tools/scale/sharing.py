# SPDX-License-Identifier: Apache-2.0
"""Processor sharing: what several have at once, of cores or of a line's bytes."""

from __future__ import annotations

import heapq
import math


class Pool:
    """Members that go on at one pace: 1 while all find what they want, less when that is too much.

    The pace is `capacity` over all that is wanted, 1 at most; `foreign` is what others want, who
    are not members and never end. Work is counted in seconds at pace 1.

    Attributes:
      used: capacity times seconds that members have had.
      next_end: when the first member's work is done, if nobody comes or leaves before.
    """

    def __init__(self, capacity: float, foreign: float = 0.0) -> None:
        self.used = 0.0
        self.next_end = math.inf
        self._capacity = capacity
        self._foreign = foreign
        self._wants: dict[int, float] = {}
        self._ends: list[tuple[float, int]] = []  # by the pool's own clock, which runs at its pace
        self._clock = 0.0
        self._at = 0.0
        self._wanted = 0.0
        self._pace = 1.0

    def enter(self, now: float, member: int, work: float, wants: float) -> None:
        """Begins `work` of a member that wants so much of the capacity."""
        self._advance(now)
        self._wants[member] = wants
        heapq.heappush(self._ends, (self._clock + work, member))
        self._settle()

    def end(self, now: float) -> int:
        """Ends the first member's work, at `next_end`, and says whose it was."""
        self._advance(now)
        _, member = heapq.heappop(self._ends)
        del self._wants[member]
        self._settle()
        return member

    def leave(self, now: float, member: int) -> None:
        """Ends a member's work before it is done; nothing, where it has none."""
        if member not in self._wants:
            return
        self._advance(now)
        del self._wants[member]
        self._ends = [each for each in self._ends if each[1] != member]
        heapq.heapify(self._ends)
        self._settle()

    def _advance(self, now: float) -> None:
        self._clock += (now - self._at) * self._pace
        self.used += (now - self._at) * self._pace * self._wanted
        self._at = now

    def _settle(self) -> None:
        self._wanted = sum(self._wants.values())
        total = self._wanted + self._foreign
        self._pace = 1.0 if total <= self._capacity else self._capacity / total
        if self._ends:
            self.next_end = self._at + max(0.0, self._ends[0][0] - self._clock) / self._pace
        else:
            self.next_end = math.inf
