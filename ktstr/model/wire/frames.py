# SPDX-License-Identifier: Apache-2.0
"""Frames from guest to host: length-prefixed, CRC-protected, typed, numbered, JSON bodies.

Layout, little endian: magic `KTF1`, u32 length of the body, u16 type, u16 check of the header, u32
sequence number, u32 CRC-32 (zlib) of type, sequence number and body, then the body (UTF-8 JSON).
The check is the low half of the CRC-32 of length, type and sequence number: a damaged length must
not swallow the frames after it.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ktstr.model.errors import InfraError

MAGIC = b"KTF1"
_HEADER = struct.Struct("<4sIHHII")
_CHECKED = struct.Struct("<IHI")
_SUMMED = struct.Struct("<HI")
MAX_BODY = 16 << 20


class FrameType(IntEnum):
    """What a frame's body is: the record whose class has it as its `frame_type`."""

    HELLO = 1
    EVENT = 2
    WORKER = 3
    CGROUP = 4
    SCHEDULER = 5
    LOG = 6
    SCENARIO = 7
    TEST = 8
    END = 9  # always the last
    PAYLOAD = 10
    DISK = 11
    SAMPLE = 13
    SAMPLER = 14
    CLAIM = 15
    # 12 and 16 to 18 were others: saved runs have them
    WITNESS = 19
    SIGHTINGS = 20
    STATE_SET = 21
    PROGRAM = 22
    STATS = 23
    RECORDED = 24


@dataclass(frozen=True)
class Frame:
    """One intact frame; `type` may be a number that this version does not know."""

    type: int
    seq: int
    body: Any
    offset: int


@dataclass(frozen=True)
class Damage:
    """Bytes that are no intact frame: where, how many, and why."""

    offset: int
    length: int
    reason: str


def encode_frame(frame_type: int, seq: int, body: Any) -> bytes:
    """The bytes of one frame.

    Raises:
        InfraError: the body is longer than a reader accepts.
    """
    text = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    if len(text) > MAX_BODY:
        raise InfraError(f"frame of type {frame_type}: {len(text)} bytes are above {MAX_BODY}")
    check = _check(len(text), frame_type, seq)
    header = _HEADER.pack(MAGIC, len(text), frame_type, check, seq, _crc(frame_type, seq, text))
    return header + text


class FrameReader:
    """Takes a byte stream in pieces and gives frames and damages in order.

    After damage it looks for the next magic, so one bad byte costs one frame.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0
        self._next_seq = 0

    def feed(self, data: bytes) -> Iterator[Frame | Damage]:
        """All that is complete once `data` is appended."""
        self._buffer += data
        while True:
            item = self._take()
            if item is None:
                return
            if isinstance(item, Frame):
                if item.seq != self._next_seq:
                    missing = f"sequence number {item.seq} where {self._next_seq} was due"
                    yield Damage(item.offset, 0, missing)
                self._next_seq = item.seq + 1
            yield item

    def finish(self) -> Damage | None:
        """The damage that a stream which ends here leaves: a frame cut short, or None."""
        if not self._buffer:
            return None
        return Damage(self._offset, len(self._buffer), "stream ends inside a frame")

    def _take(self) -> Frame | Damage | None:
        start = self._buffer.find(MAGIC)
        if start != 0:
            return self._skip(start)
        if len(self._buffer) < _HEADER.size:
            return None
        _, length, frame_type, check, seq, crc = _HEADER.unpack_from(self._buffer)
        if check != _check(length, frame_type, seq):
            return self._drop(len(MAGIC), "header does not match its check")
        if length > MAX_BODY:
            return self._drop(len(MAGIC), f"length {length} is above {MAX_BODY}")
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        text = bytes(self._buffer[_HEADER.size : end])
        if _crc(frame_type, seq, text) != crc:
            return self._drop(len(MAGIC), "CRC does not match")
        try:
            body = json.loads(text)
        except ValueError as error:
            return self._drop(end, f"body is no JSON: {error}")
        frame = Frame(frame_type, seq, body, self._offset)
        self._advance(end)
        return frame

    def _skip(self, start: int) -> Damage | None:
        # the tail may be the beginning of a magic that has not fully arrived
        junk = start if start > 0 else len(self._buffer) - _partial(self._buffer)
        return self._drop(junk, "no frame starts here") if junk > 0 else None

    def _drop(self, length: int, reason: str) -> Damage:
        damage = Damage(self._offset, length, reason)
        self._advance(length)
        return damage

    def _advance(self, length: int) -> None:
        del self._buffer[:length]
        self._offset += length


def _partial(buffer: bytearray) -> int:
    for size in range(min(len(MAGIC) - 1, len(buffer)), 0, -1):
        if buffer.endswith(MAGIC[:size]):
            return size
    return 0


def _check(length: int, frame_type: int, seq: int) -> int:
    return zlib.crc32(_CHECKED.pack(length, frame_type, seq)) & 0xFFFF


def _crc(frame_type: int, seq: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_SUMMED.pack(frame_type, seq)))
