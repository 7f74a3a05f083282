# SPDX-License-Identifier: Apache-2.0
"""Whether a gRPC server answers: one call over a connection of its own, without a library.

Frames are those of HTTP/2 (RFC 9113), headers are literals of HPACK (RFC 7541, 6.2.2).
"""

from __future__ import annotations

import enum
import socket
import struct
import time
from pathlib import Path

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4
# Every server has an answer to it, if only that it does not know it.
_CALL = "/build.bazel.remote.execution.v2.Capabilities/GetCapabilities"
_REQUEST = {
    ":method": "POST",
    ":scheme": "http",
    ":path": _CALL,
    ":authority": "localhost",
    "content-type": "application/grpc",
    "te": "trailers",
}
# Uncompressed, of length 0.
_NO_MESSAGE = bytes(5)


class Answer(enum.Enum):
    """What came of a call: an answer, whatever it says; nobody there; or nothing in time."""

    GIVEN = "given"
    NOBODY = "nobody"
    NONE = "none"


def ask(where: int | Path, seconds: float) -> Answer:
    """Calls the server at a port of loopback, or at a Unix socket."""
    ends = time.monotonic() + seconds
    family = socket.AF_INET if isinstance(where, int) else socket.AF_UNIX
    with socket.socket(family) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(("127.0.0.1", where) if isinstance(where, int) else str(where))
            connection.sendall(_call())
            while _next_frame(connection, ends) != _HEADERS:
                pass
        except TimeoutError:
            return Answer.NONE
        except OSError:
            return Answer.NOBODY
    return Answer.GIVEN


def _call() -> bytes:
    headers = b"".join(b"\0" + _text(name) + _text(value) for name, value in _REQUEST.items())
    return (
        _PREFACE
        + _frame(_SETTINGS, 0, 0, b"")
        + _frame(_HEADERS, _END_HEADERS, 1, headers)
        + _frame(_DATA, _END_STREAM, 1, _NO_MESSAGE)
    )


def _text(text: str) -> bytes:
    # Lengths below 127 are one byte.
    return bytes([len(text)]) + text.encode("ascii")


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _next_frame(connection: socket.socket, ends: float) -> int:
    """The next frame's type. Raises OSError: the connection ended; TimeoutError: it is too late."""
    head = _received(connection, 9, ends)
    _received(connection, int.from_bytes(head[:3], "big"), ends)
    return head[3]


def _received(connection: socket.socket, size: int, ends: float) -> bytes:
    data = b""
    while len(data) < size:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        read = connection.recv(size - len(data))
        if not read:
            raise ConnectionError
        data += read
    return data
