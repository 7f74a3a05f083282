# SPDX-License-Identifier: Apache-2.0
"""Numbers of a row of facts, as the file has them."""

from __future__ import annotations

import json
import sys
from array import array

from ktstr.history.entry import FigureKey


def packed(values: array[float]) -> bytes:
    """8 bytes each, little-endian."""
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def unpacked(content: bytes) -> array[float]:
    """The reverse of `packed`."""
    values = array("d")
    values.frombytes(content)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def keys_of(names: str) -> tuple[FigureKey, ...]:
    """The keys of a shape."""
    return tuple(FigureKey(*each) for each in json.loads(names))
