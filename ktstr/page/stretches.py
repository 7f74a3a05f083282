# SPDX-License-Identifier: Apache-2.0
"""Stretches of time in which something had one value, in as few numbers as a chart can show."""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ktstr.page.window import Window

# In how many parts of a whole a stretch says how much of it was so.
LEVELS = 4


@dataclass(frozen=True)
class Stretch:
    """From start to end (us of a window), exclusive, it was `value`, `level` of LEVELS of it."""

    start: int
    end: int
    value: int
    level: int = LEVELS


class Samples:
    """When a row of samples was taken, as stretches of a window: each holds until the next.

    longest_ns: but no longer than that.
    """

    def __init__(self, at_ns: Sequence[int], window: Window, longest_ns: int) -> None:
        self._first = max(0, bisect.bisect_right(at_ns, window.start_ns) - 1)
        self._last = bisect.bisect_left(at_ns, window.end_ns)
        within = at_ns[self._first : self._last]
        untils = (*at_ns[self._first + 1 : self._last], window.end_ns)
        self._starts = [window.us(at) for at in within]
        self._ends = [
            window.us(min(until, at + longest_ns))
            for at, until in zip(within, untils, strict=bool(within))
        ]

    def stretches(self, row: Sequence[int]) -> list[Stretch]:
        """What a row of values, one for each sample, says; neighbours of one value are one."""
        found: list[Stretch] = []
        since = until = 0
        value: int | None = None
        values = row[self._first : self._last]
        for start, end, now in zip(self._starts, self._ends, values, strict=True):
            if end <= start:
                continue
            if now != value or start != until:
                if value is not None:
                    found.append(Stretch(since, until, value))
                since, value = start, now
            until = end
        if value is not None:
            found.append(Stretch(since, until, value))
        return found


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same, neighbours of one value being one."""
    found: list[Stretch] = []
    for each in stretches:
        last = found[-1] if found else None
        if last and (last.end, last.value, last.level) == (each.start, each.value, each.level):
            found[-1] = Stretch(last.start, each.end, last.value, last.level)
        else:
            found.append(each)
    return found


def most_of_time(stretches: Sequence[Stretch], length: int, bins: int) -> list[Stretch]:
    """At most `bins` of them: in each part of the time the value that had most of it.

    `length` is the window's (us).  Parts in which there was none stay empty, and the level says how
    much of the part there was any.  As they are, if they are few.
    """
    if len(stretches) <= bins:
        return list(stretches)
    shares: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for each in stretches:
        for part, took in _parts(each, length, bins):
            shares[part][each.value] += took
    found = []
    for part, took_by in sorted(shares.items()):
        start, end = part * length // bins, (part + 1) * length // bins
        took = sum(took_by.values())
        value = max(took_by, key=lambda each: (took_by[each], -each))
        found.append(Stretch(start, end, value, _level(took, end - start)))
    return joined(found)


def most_there_was(stretches: Sequence[Stretch], length: int, bins: int) -> list[Stretch]:
    """At most `bins` of them: in each part of the time the largest value that there was."""
    if len(stretches) <= bins:
        return list(stretches)
    most: dict[int, int] = {}
    for each in stretches:
        for part, _ in _parts(each, length, bins):
            most[part] = max(most.get(part, each.value), each.value)
    return joined(
        Stretch(part * length // bins, (part + 1) * length // bins, value)
        for part, value in sorted(most.items())
    )


def flat(stretches: Iterable[Stretch], unit: int = 1) -> list[int]:
    """Four numbers each: how long after the last one it begins, how long it is, value, level.

    Times are in `unit` microseconds, rounded; what becomes nothing so is left out.
    """
    numbers: list[int] = []
    before = 0
    for each in stretches:
        start, end = (each.start + unit // 2) // unit, (each.end + unit // 2) // unit
        if end > start:
            numbers += (start - before, end - start, each.value, each.level)
            before = end
    return numbers


def _parts(stretch: Stretch, length: int, bins: int) -> Iterator[tuple[int, int]]:
    """The parts of the time that it reaches into, with what it takes of each."""
    first = min(bins - 1, stretch.start * bins // length)
    for part in itertools.count(first):
        start, end = part * length // bins, (part + 1) * length // bins
        if start >= stretch.end or part >= bins:
            return
        took = min(end, stretch.end) - max(start, stretch.start)
        if took > 0:
            yield part, took


def _level(took: int, of: int) -> int:
    return min(LEVELS, max(1, -(-took * LEVELS // max(1, of))))
