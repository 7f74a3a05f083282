# SPDX-License-Identifier: Apache-2.0
"""Numbers of a row of facts, as the file has them."""

from __future__ import annotations

import json
import sys
from array import array

from ktstr.history.entry import FigureKey
from ktstr.model.errors import UsageError


def packed(values: array[float]) -> bytes:
    """8 bytes each, little-endian."""
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def unpacked(content: bytes, count: int) -> array[float]:
    """The reverse of `packed`, of so many.

    Raises:
        UsageError: it is damaged.
    """
    values = array("d")
    if len(content) != count * values.itemsize:
        raise _damaged(f"{len(content)} bytes are of {count} figures")
    values.frombytes(content)
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
