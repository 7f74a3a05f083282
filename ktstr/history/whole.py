# SPDX-License-Identifier: Apache-2.0
"""Whole results, small: without the machine that they ran on, which their row has."""

from __future__ import annotations

import zstandard
from google.protobuf.message import DecodeError

from ktstr.model.errors import UsageError
from ktstr.result import result_pb2

_LEVEL = 3
_MOST_BYTES = 1 << 28


def compressed(content: bytes) -> bytes:
    """`content`, as a zstd frame with its size and a checksum."""
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(content)


def result_in(content: bytes) -> result_pb2.Result:
    """The result in a frame of `compressed`.

    Raises:
        UsageError: it is damaged.
    """
    try:
        plain = zstandard.ZstdDecompressor().decompress(content, max_output_size=_MOST_BYTES)
        return result_pb2.Result.FromString(plain)
    except (zstandard.ZstdError, DecodeError) as error:
        raise UsageError(f"a whole result in the history is damaged: {error}") from error
