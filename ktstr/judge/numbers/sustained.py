# SPDX-License-Identifier: Apache-2.0
"""What a series of samples kept up for some time: values, rates of counters, and standing still.

`at` are the times of the samples, rising, `span` a time in the same unit.  A stretch is from one
sample to the first that is `span` or more after it.  `apart`: nobody
saw what was between neighbours that are further apart, which are not of one stretch; None: all are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Peak:
    """A value that was kept up, and when: from the first sample to the last of it."""

    value: float
    began: int
    ended: int


@dataclass(frozen=True)
class Stretches:
    """What each stretch of a series kept up, in their order; `found` looks for them anew."""

    found: Callable[[], Iterator[Peak]]

    def highest(self) -> Peak | None:
        """The first of those with the largest value; None: there is no stretch."""
        return max(self.found(), key=lambda each: each.value, default=None)

    def first(self, passes: Callable[[float], bool]) -> Peak | None:
        """The first that came to a value of which `passes` says yes, where it ends."""
        return next((each for each in self.found() if passes(each.value)), None)


def sustained(
    at: Sequence[int], values: Sequence[float], span: int, apart: int | None = None
) -> Stretches:
    """The values that no sample of a stretch is below."""
    return Stretches(lambda: _lowest(at, values, span, apart))


def _lowest(
    at: Sequence[int], values: Sequence[float], span: int, apart: int | None
) -> Iterator[Peak]:
    # of the samples from `first` on, those below all that follow them
    lowest: deque[int] = deque()
    seen = 0
    for first, last in _stretches(at, span, apart):
        while seen <= last:
            while lowest and values[lowest[-1]] >= values[seen]:
                lowest.pop()
            lowest.append(seen)
            seen += 1
        while lowest[0] < first:
            lowest.popleft()
        yield Peak(values[lowest[0]], at[first], at[last])


def fastest(at: Sequence[int], counts: Sequence[int], span: int, unit: int) -> Stretches:
    """The rates by `unit` of time at which a counter rose over a stretch.

    A counter that falls has begun anew, and what it then shows has come since.
    """
    return Stretches(lambda: _rates(at, counts, span, unit))


def _rates(at: Sequence[int], counts: Sequence[int], span: int, unit: int) -> Iterator[Peak]:
    risen = list(rises(counts))
    for first, last in _stretches(at, span):
        rate = (risen[last] - risen[first]) * unit / (at[last] - at[first])
        yield Peak(rate, at[first], at[last])


def rises(counts: Sequence[int]) -> Iterator[int]:
    """How much a counter has risen in all, at each sample; 0 at the first."""
    total = 0
    for i, count in enumerate(counts):
        if i:
            total += count - counts[i - 1] if count >= counts[i - 1] else count
        yield total


def longest(at: Sequence[int], holds: Callable[[int, int], bool]) -> Stretches:
    """The times for which `holds(i - 1, i)` of all samples i in them, up to each sample."""
    return Stretches(lambda: _times(at, holds))


def _times(at: Sequence[int], holds: Callable[[int, int], bool]) -> Iterator[Peak]:
    begun = 0
    for i in range(len(at)):
        if i and not holds(i - 1, i):
            begun = i
        yield Peak(at[i] - at[begun], at[begun], at[i])


def _stretches(at: Sequence[int], span: int, apart: int | None = None) -> Iterator[tuple[int, int]]:
    last = behind = 0
    for first in range(len(at)):
        while last < len(at) and (last <= first or at[last] - at[first] < span):
            last += 1
            if last < len(at) and apart is not None and at[last] - at[last - 1] > apart:
                behind = last
        if last >= len(at):
            return
        if first >= behind:
            yield first, last
