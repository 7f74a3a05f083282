# SPDX-License-Identifier: Apache-2.0
"""Rows of whole numbers in few bytes, and as text that people can read.

Bytes: one for the order of differences (0 to 2) that gives the fewest, then zlib of varints
(protobuf's, zigzag) of all rows, one behind the other, each of the same length.  Text: the numbers
of a row with blanks between; `7*3` is 7 three times.
"""

from __future__ import annotations

import itertools
import operator
import re
import zlib
from collections.abc import Iterable, Sequence

_ORDERS = (0, 1, 2)
_LEVEL = 9
# what a row may grow to when it is inflated, so that a damaged file cannot take all memory
_MOST_BYTES = 1 << 28
_VARINT = re.compile(rb"[\x80-\xff]*[\x00-\x7f]")


def packed(rows: Sequence[Sequence[int]]) -> bytes:
    """The bytes of rows of the same length; equal rows, equal bytes."""
    varints, found = _Varints(), []
    for order in _ORDERS:
        if order:
            rows = [list(map(operator.sub, row, (0, *row))) for row in rows]
        plain = b"".join(map(varints.__getitem__, itertools.chain.from_iterable(rows)))
        found.append(bytes([order]) + zlib.compress(plain, _LEVEL))
    return min(found, key=len)


def unpacked(data: bytes, length: int) -> tuple[tuple[int, ...], ...]:
    """The rows, each of `length` numbers, of which `data` was made.

    Raises:
        ValueError: `data` was not made by `packed`, or of rows of another length.
    """
    if not data or data[0] not in _ORDERS or length < 0:
        raise ValueError("no packed numbers")
    try:
        inflater = zlib.decompressobj()
        plain = inflater.decompress(data[1:], _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"packed numbers cannot be inflated: {error}") from error
    if not inflater.eof:
        raise ValueError("packed numbers end early, or are too many")
    numbers = _numbers(plain)
    if not length:
        return ()
    if len(numbers) % length:
        raise ValueError(f"{len(numbers)} packed numbers are no rows of {length}")
    rows = [numbers[at : at + length] for at in range(0, len(numbers), length)]
    for _ in range(data[0]):
        rows = [list(itertools.accumulate(row)) for row in rows]
    return tuple(map(tuple, rows))


def written(row: Iterable[int]) -> str:
    """A row as text."""
    parts = []
    for value, alike in itertools.groupby(row):
        count = sum(1 for _ in alike)
        parts.append(f"{value}*{count}" if count > 1 else f"{value}")
    return " ".join(parts)


def unwritten(text: str) -> tuple[int, ...]:
    """The row of which `text` was made.

    Raises:
        ValueError: `text` was not made by `written`.
    """
    row: list[int] = []
    for part in text.split():
        value, _, count = part.partition("*")
        if int(count or 1) > _MOST_BYTES - len(row):
            raise ValueError(f"{count} numbers are too many")
        row += [int(value)] * int(count or 1)
    return tuple(row)


def _numbers(plain: bytes) -> list[int]:
    if plain and plain[-1] & 0x80:
        raise ValueError("packed numbers end within one")
    return list(map(_Values().__getitem__, _VARINT.findall(plain)))


class _Varints(dict[int, bytes]):
    """The varint of each number, made once: most numbers of a series come again and again."""

    def __missing__(self, value: int) -> bytes:
        rest = value << 1 if value >= 0 else (-value << 1) - 1
        out = bytearray()
        while rest > 0x7F:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
        return self.setdefault(value, bytes(out))


class _Values(dict[bytes, int]):
    """The number of each varint, read once."""

    def __missing__(self, varint: bytes) -> int:
        value = 0
        for byte in reversed(varint):
            value = value << 7 | byte & 0x7F
        return self.setdefault(varint, -(value + 1 >> 1) if value & 1 else value >> 1)
