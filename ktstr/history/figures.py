# SPDX-License-Identifier: Apache-2.0
"""Numbers of a row of facts, as the file has them: with a checksum, as SQLite has none."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array

from ktstr.history.entry import FigureKey
from ktstr.model.errors import UsageError

_SUM = struct.Struct("<I")


def packed(values: array[float]) -> bytes:
    """8 bytes each, little-endian, and their checksum."""
    if sys.byteorder == "big":
        values.byteswap()
    return summed(values.tobytes())


def summed(content: bytes) -> bytes:
    """Bytes with 4 more behind them: CRC-32, little-endian."""
    return content + _SUM.pack(zlib.crc32(content))


def unpacked(content: bytes, count: int) -> array[float]:
    """The reverse of `packed`, of so many.

    Raises:
        UsageError: it is damaged.
    """
    values = array("d")
    numbers = content[: -_SUM.size]
    if len(content) != count * values.itemsize + _SUM.size:
        raise _damaged(f"{len(content)} bytes are of {count} figures and a checksum")
    if summed(numbers) != content:
        raise _damaged("they are not those that were written, by their checksum")
    values.frombytes(numbers)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def keys_of(names: str) -> tuple[FigureKey, ...]:
    """The keys of a shape.

    Raises:
        UsageError: they are damaged.
    """
    try:
        return tuple(FigureKey(*each) for each in json.loads(names))
    except (ValueError, TypeError) as error:
        raise _damaged(error) from error


def _damaged(why: object) -> UsageError:
    return UsageError(f"the history is damaged: figures of a result cannot be read: {why}")
