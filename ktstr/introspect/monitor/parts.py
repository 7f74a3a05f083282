# SPDX-License-Identifier: Apache-2.0
"""Reads with what the bytes of each are, and the columns that come of many of them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ktstr.introspect.plugin.watch import EACH_CPU, POINTED_CPU, Read

# what a column is: of a quantity, of a thing (None: of the machine)
Key = tuple[str, int | None]
# the thing that a quantity of domains is of: the CPU, and the level in the lowest bits
LEVEL_BITS = 8


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
class Row:
    """All parts of a look, one behind the other: how their bytes are unpacked, and for what."""

    layout: struct.Struct
    keys: tuple[Key, ...]

    def columns(self, rows: Iterable[bytes]) -> dict[Key, tuple[int, ...]]:
        """A column for each key: of many rows, what each has there."""
        found: dict[Key, tuple[int, ...]] = {}
        unpacked = [self.layout.unpack(row) for row in rows]
        for key, column in zip(self.keys, zip(*unpacked, strict=True), strict=bool(unpacked)):
            before = found.get(key)
            found[key] = column if before is None else _added(before, column)
        return found


def row_of(parts: Sequence[Part], cpus: int) -> Row:
    """The row of a guest with so many CPUs."""
    layout, keys = "<", []
    for part in parts:
        for cpu in range(cpus) if part.of_each_cpu else (None,):
            layout += part.layout
            keys += [number.key(cpu) for number in part.numbers]
    return Row(struct.Struct(layout), tuple(keys))


def _added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))
