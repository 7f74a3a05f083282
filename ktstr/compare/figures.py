# SPDX-License-Identifier: Apache-2.0
"""The figures of rows, by their keys; each shape is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ktstr.history.entry import FigureKey
from ktstr.history.figures import keys_of, unpacked
from ktstr.history.queries import Row


class Figures:
    """Reads figures of rows."""

    def __init__(self, names: Callable[[int], str], wanted: Callable[[FigureKey], bool]) -> None:
        """names: of the figures of a shape, by its number. wanted: which are compared at all."""
        self._names, self._wanted = names, wanted
        self._shapes: dict[int, tuple[FigureKey | None, ...]] = {}

    def of(self, row: Row) -> Iterator[tuple[FigureKey, float]]:
        """Each wanted figure with its value.

        Raises:
            UsageError: the row has not as many values as its shape has names.
        """
        shape = self._shape(row.shape)
        for key, value in zip(shape, unpacked(row.figures, len(shape)), strict=True):
            if key is not None:
                yield key, value

    def columns(self, rows: Sequence[Row]) -> dict[FigureKey, tuple[float, ...]]:
        """Each wanted figure with its values in all rows that have it.

        Raises:
            UsageError: see `of`.
        """
        if len({row.shape for row in rows}) == 1:  # as boots of one test mostly have
            each = [[*self.of(row)] for row in rows]
            keys = [key for key, _ in each[0]]
            columns = zip(*([value for _, value in pairs] for pairs in each), strict=True)
            return dict(zip(keys, columns, strict=True))
        found: dict[FigureKey, list[float]] = {}
        for row in rows:
            for key, value in self.of(row):
                found.setdefault(key, []).append(value)
        return {key: tuple(values) for key, values in found.items()}

    def count(self, shape: int) -> int:
        """How many wanted figures a shape has."""
        return sum(key is not None for key in self._shape(shape))

    def _shape(self, number: int) -> tuple[FigureKey | None, ...]:
        if number not in self._shapes:
            keys = keys_of(self._names(number))
            self._shapes[number] = tuple(key if self._wanted(key) else None for key in keys)
        return self._shapes[number]
