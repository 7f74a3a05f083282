# SPDX-License-Identifier: Apache-2.0
"""Reads with what the bytes of each are, and the columns that come of many of them."""

from __future__ import annotations

import operator
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ktstr.introspect.plugin.watch import EACH_CPU, POINTED_CPU, Read

# what a column is: of a quantity, of a thing (None: of the machine)
Key = tuple[str, int | None]
# the thing that a quantity of domains is of: the CPU, and the level in the lowest bits
LEVEL_BITS = 8
# bytes of a part that is unpacked by itself
_LARGE = 512


@dataclass(frozen=True)
class Number:
    """One number of a read's bytes.  level: of domains.  at: of an array, its place there.

    Numbers of one column are added up; what is summed has one column for all CPUs.
    """

    name: str
    level: int | None = None
    at: int | None = None
    summed: bool = False

    def key(self, cpu: int | None) -> Key:
        """The column that it goes to, in the bytes of this CPU (None: of no CPU's)."""
        if self.summed:
            return self.name, None
        if self.level is not None and cpu is not None:
            return self.name, cpu << LEVEL_BITS | self.level
        return self.name, cpu if self.at is None else self.at


@dataclass(frozen=True)
class Part:
    """A read, and the numbers in its bytes; `layout` has as many values, as `struct` spells it."""

    read: Read
    layout: str
    numbers: tuple[Number, ...]

    @property
    def of_each_cpu(self) -> bool:
        """Whether it comes once for each CPU."""
        return self.read.base in (EACH_CPU, POINTED_CPU)


@dataclass(frozen=True)
class _Piece:
    """Neighbouring bytes of a row, from `at` on, and what their numbers are for."""

    at: int
    layout: struct.Struct
    keys: tuple[Key, ...]

    def columns(self, rows: Sequence[bytes]) -> Iterator[tuple[Key, tuple[int, ...]]]:
        """A column for each number: of many rows, what each has there."""
        end = self.at + self.layout.size
        mine = [row[self.at : end] for row in rows]
        if len(set(mine)) == 1:
            values = self.layout.unpack(mine[0])
            columns: Iterable[tuple[int, ...]] = ((value,) * len(mine) for value in values)
        else:
            columns = zip(*map(self.layout.unpack, mine), strict=True)
        return zip(self.keys, columns, strict=bool(mine))


@dataclass(frozen=True)
class Row:
    """All parts of a look, one behind the other: `size` bytes, and how they are unpacked."""

    size: int
    pieces: tuple[_Piece, ...]

    def columns(self, rows: Iterable[bytes]) -> dict[Key, tuple[int, ...]]:
        """A column for each key: of many rows, what each has there."""
        found: dict[Key, tuple[int, ...]] = {}
        whole = list(rows)
        for piece in self.pieces:
            for key, column in piece.columns(whole):
                before = found.get(key)
                found[key] = column if before is None else _added(before, column)
        return found


def row_of(parts: Sequence[Part], cpus: int) -> Row:
    """The row of a guest with so many CPUs.

    What is large is a piece of its own: tables of DSQs are empty all the time, mostly.
    """
    pieces: list[_Piece] = []
    layout, keys, at = "<", list[Key](), 0

    def close() -> None:
        nonlocal layout, keys, at
        if len(layout) > 1:
            pieces.append(_Piece(at, struct.Struct(layout), tuple(keys)))
            at += pieces[-1].layout.size
        layout, keys = "<", []

    for part in parts:
        large = struct.calcsize(f"<{part.layout}") >= _LARGE
        if large:
            close()
        for cpu in range(cpus) if part.of_each_cpu else (None,):
            layout += part.layout
            keys += [number.key(cpu) for number in part.numbers]
        if large:
            close()
    close()
    return Row(at, tuple(pieces))


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    # most of what is summed up is 0 all the time
    if not any(other):
        return one
    return tuple(map(operator.add, one, other)) if any(one) else other
