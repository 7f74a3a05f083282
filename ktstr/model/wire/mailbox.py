# SPDX-License-Identifier: Apache-2.0
"""The pages through which a clone of a saved guest gets what its test brings.

An empty mailbox marks each of its pages, so that the host finds them in the saved memory, wherever
the guest's kernel put them.  Page i of an empty one: `MAGIC`, u32 i, u32 number of pages, then
zeros.  A filled one: `FILLED`, u64 length and u32 CRC-32 (zlib) of the payload, then the payload,
which runs on over as many pages as it needs; the rest of the last is zero.  All little endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

from ktstr.model.errors import InfraError, UsageError

MAILBOX_BYTES = 2 << 20
PAGE = 4096
PAGES = MAILBOX_BYTES // PAGE
MAGIC = b"ktstr mailbox\0\0\0"
FILLED = b"KTMBOX1\0"
# What a parked guest has in RSI, behind the reading of its time stamp counter (RDX, RAX).
PARKED = 0x64656B726170_5354
_MARK = struct.Struct("<16sII")
_HEAD = struct.Struct("<8sQI")
_ZEROS = bytes(PAGE - _MARK.size)


def capacity() -> int:
    """The most bytes that a payload may have."""
    return MAILBOX_BYTES - _HEAD.size


def mark(view: memoryview) -> None:
    """Makes an empty mailbox of `view`: `MAILBOX_BYTES` zeros that begin at a page.

    It writes in place: a second copy of a mark, even in freed memory, would mislead the host.
    """
    for index in range(PAGES):
        _MARK.pack_into(view, index * PAGE, MAGIC, index, PAGES)


def fill(payload: bytes) -> list[bytes]:
    """The whole pages that hold `payload`, from the first; those behind them stay as they are.

    Raises:
        UsageError: the payload is above `capacity()`.
    """
    if len(payload) > capacity():
        raise UsageError(
            f"{len(payload)} bytes are too many for a guest's mailbox, which takes {capacity()}"
        )
    data = _HEAD.pack(FILLED, len(payload), zlib.crc32(payload)) + payload
    data += bytes(-len(data) % PAGE)
    return [data[start : start + PAGE] for start in range(0, len(data), PAGE)]


def read(view: memoryview) -> bytes:
    """The payload of a mailbox.

    Raises:
        InfraError: the mailbox is empty or damaged.
    """
    kind, length, crc = _HEAD.unpack_from(view)
    if bytes(view[: len(MAGIC)]) == MAGIC:
        raise InfraError("the mailbox is empty: the guest went on before the host had filled it")
    if kind != FILLED:
        raise InfraError(f"the mailbox is damaged: it starts with {kind!r}, not with {FILLED!r}")
    if length > len(view) - _HEAD.size:
        raise InfraError(
            f"the mailbox is damaged: a payload of {length} bytes in a mailbox for "
            f"{len(view) - _HEAD.size}"
        )
    payload = bytes(view[_HEAD.size : _HEAD.size + length])
    if zlib.crc32(payload) != crc:
        raise InfraError(f"the mailbox is damaged: CRC {zlib.crc32(payload):#x} is not {crc:#x}")
    return payload


def find_pages(chunks: Iterable[tuple[int, int, bytes]]) -> tuple[tuple[int, int], ...]:
    """Where the pages of the empty mailbox lie in a guest's memory, in order of their index.

    Each chunk is (node, offset in the node's memory, bytes); offset and length are multiples of
    `PAGE`.  What is all zero may be left out.  Returns (node, offset) for each page.

    Raises:
        InfraError: a page is missing, or is there twice.
    """
    found: dict[int, tuple[int, int]] = {}
    for node, offset, data in chunks:
        at = data.find(MAGIC)
        while at >= 0:
            index = _index(data, at)
            if index is not None:
                where = (node, offset + at)
                other = found.setdefault(index, where)
                if other != where:
                    raise InfraError(
                        f"page {index} of the guest's mailbox is in its memory twice: at "
                        f"{other[1]:#x} of node {other[0]} and {where[1]:#x} of node {node}"
                    )
            at = data.find(MAGIC, at + 1)
    missing = [index for index in range(PAGES) if index not in found]
    if missing:
        raise InfraError(
            f"{len(missing)} of {PAGES} pages of the guest's mailbox are not in its memory, "
            f"the first is page {missing[0]}"
        )
    return tuple(found[index] for index in range(PAGES))


def _index(data: bytes, at: int) -> int | None:
    """The index of the mailbox page that starts at `at`; None: something else with its magic."""
    if at % PAGE or len(data) - at < PAGE:
        return None
    _, index, pages = _MARK.unpack_from(data, at)
    whole = pages == PAGES and index < PAGES and data[at + _MARK.size : at + PAGE] == _ZEROS
    return int(index) if whole else None
