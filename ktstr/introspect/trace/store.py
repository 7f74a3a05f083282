# SPDX-License-Identifier: Apache-2.0
"""Events by the hundred thousand, kept as some 70 bytes each, and made when they are asked for.

As tuples of Python's they took ten times as much.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

from ktstr.introspect.trace.events import Event, Value


class Events(Sequence[Event]):
    """Events in their order, which `append` and `sort` make."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._at, self._cpu = array("q"), array("H")
        # of each its kind, and which of that kind it is
        self._kind, self._row = array("H"), array("I")
        self._kinds: list[_Kind] = []
        self._by: dict[tuple[str, tuple[str, ...], tuple[type, ...]], int] = {}
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}
        for event in events:
            self.append(*event)

    def append(
        self, at: int, cpu: int, what: str, names: tuple[str, ...], row: Sequence[Value]
    ) -> None:
        """One more, behind all others."""
        key = what, names, tuple(map(type, row))
        number = self._by.get(key)
        if number is None:
            number = self._by[key] = len(self._kinds)
            self._kinds.append(_Kind(what, names, row))
        kind = self._kinds[number]
        if kind.texts:
            row = list(row)
            for place in kind.texts:
                row[place] = self._number(str(row[place]))
        self._at.append(at)
        self._cpu.append(cpu)
        self._kind.append(number)
        self._row.append(kind.add(row))

    def sort(self, time_of: Callable[[int], int]) -> None:
        """Puts them in the order of their times, which become what `time_of` makes of them."""
        order = sorted(range(len(self._at)), key=self._at.__getitem__)
        self._at = array("q", (time_of(self._at[each]) for each in order))
        self._cpu = array("H", map(self._cpu.__getitem__, order))
        self._kind = array("H", map(self._kind.__getitem__, order))
        self._row = array("I", map(self._row.__getitem__, order))

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[Event]:
        kinds, texts = self._kinds, self._texts
        for at, cpu, number, row in zip(self._at, self._cpu, self._kind, self._row, strict=True):
            kind = kinds[number]
            yield Event(at, cpu, kind.what, kind.names, kind.values(row, texts))

    @overload
    def __getitem__(self, place: int) -> Event: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Event, ...]: ...

    def __getitem__(self, place: int | slice) -> Event | tuple[Event, ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        kind = self._kinds[self._kind[place]]
        values = kind.values(self._row[place], self._texts)
        return Event(self._at[place], self._cpu[place], kind.what, kind.names, values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(map(Event.__eq__, self, other))

    def __hash__(self) -> int:
        return hash((len(self), *self[:1]))

    def _number(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return number


class _Kind:
    """Events with values of the same names and types: rows of one layout.

    texts: places of texts, which are kept as their numbers.
    """

    def __init__(self, what: str, names: tuple[str, ...], row: Sequence[Value]) -> None:
        self.what, self.names = what, names
        self.texts = tuple(i for i, value in enumerate(row) if isinstance(value, str))
        self._layout = struct.Struct(f"<{len(row)}q")
        self._bytes = bytearray()
        # rows with a number that has no room in 64 bits with a sign
        self._large: dict[int, tuple[int, ...]] = {}

    def add(self, row: Sequence[Value]) -> int:
        """The number of the row."""
        number = len(self._bytes) // self._layout.size if self._layout.size else 0
        try:
            self._bytes += self._layout.pack(*row)
        except struct.error:
            self._large[number] = tuple(map(int, row))
            self._bytes += bytes(self._layout.size)
        return number

    def values(self, number: int, texts: Sequence[str]) -> tuple[Value, ...]:
        """What the row was made of."""
        row: tuple[int, ...] = self._layout.unpack_from(self._bytes, number * self._layout.size)
        if self._large:
            row = self._large.get(number, row)
        if not self.texts:
            return row
        values: list[Value] = list(row)
        for place in self.texts:
            values[place] = texts[row[place]]
        return tuple(values)
