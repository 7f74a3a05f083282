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
    """The largest value that was kept up, and when: from the first sample to the last of it."""

    value: float
    began: int
    ended: int


def sustained(
    at: Sequence[int], values: Sequence[float], span: int, apart: int | None = None
) -> Peak | None:
    """The largest value that no sample of some stretch is below; None: no stretch is as long."""
    best: Peak | None = None
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
        value = values[lowest[0]]
        if best is None or value > best.value:
            best = Peak(value, at[first], at[last])
    return best


def fastest(at: Sequence[int], counts: Sequence[int], span: int, unit: int) -> Peak | None:
    """The largest rate by `unit` of time at which a counter rose over a stretch; None as above.

    A counter that falls has begun anew, and what it then shows has come since.
    """
    risen = list(rises(counts))
    best: Peak | None = None
    for first, last in _stretches(at, span):
        rate = (risen[last] - risen[first]) * unit / (at[last] - at[first])
        if best is None or rate > best.value:
            best = Peak(rate, at[first], at[last])
    return best


def rises(counts: Sequence[int]) -> Iterator[int]:
    """How much a counter has risen in all, at each sample; 0 at the first."""
    total = 0
    for i, count in enumerate(counts):
        if i:
            total += count - counts[i - 1] if count >= counts[i - 1] else count
        yield total


def longest(at: Sequence[int], holds: Callable[[int, int], bool]) -> Peak | None:
    """The longest time for which `holds(i - 1, i)` of all samples i in it; None: of none.

    The value is that time.
    """
    best: Peak | None = None
    begun = 0
    for i in range(1, len(at)):
        if not holds(i - 1, i):
            begun = i
        elif best is None or at[i] - at[begun] > best.value:
            best = Peak(at[i] - at[begun], at[begun], at[i])
    return best


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
