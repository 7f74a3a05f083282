# SPDX-License-Identifier: Apache-2.0
"""A slow network that loses connections: a relay of TCP on loopback.

It is for kernels without a queueing discipline that delays and drops packets.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")
# When it is due, on the loop's clock, and data; none at the end.
_UnderWay = asyncio.Queue[tuple[float, bytes]]
_CHUNK = 65536
# Chunks on the way; whoever sends more waits, as with a full window.
_QUEUE = 64
_END_S = 30.0
# struct linger of socket(7), on and 0 s: closing sends RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Network:
    """What becomes of connections.

    Attributes:
      delay_s: from a byte's arrival to its departure, each way.
      bytes_per_s: at most this much, each way of each connection.
      reset_after: a connection is reset once so many bytes have passed, drawn evenly between the
        two for each: what lost packets come to in the end for whoever speaks TCP. None: never.
      most_resets: no more than this; then connections last.
      seed: of the draws.
    """

    delay_s: float = 0.0
    bytes_per_s: float = 1e9
    reset_after: tuple[int, int] | None = None
    most_resets: int = 0
    seed: int = 1


class Relay:
    """A context: who connects to `port` on loopback speaks with `target` there, through a network.

    Attributes:
      port: where it listens.
      resets: connections that it has reset.
      passed: bytes that have arrived, both ways.
    """

    def __init__(self, target: int, network: Network) -> None:
        self._target, self._network = target, network
        self._random = random.Random(network.seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.port = self.resets = self.passed = 0

    def __enter__(self) -> Relay:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_END_S)
        self._loop.close()

    def _do(self, what: Coroutine[object, object, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_END_S)

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it or its bytes are spent."""
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            # Nobody listens there, which whoever connected shall see.
            _reset(writer)
            return
        left = _Left(self._draw())
        there, back = _UnderWay(_QUEUE), _UnderWay(_QUEUE)
        ways = [
            asyncio.ensure_future(each)
            for each in (
                self._read(reader, there, left),
                self._send(there, far_writer),
                self._read(far_reader, back, left),
                self._send(back, writer),
            )
        ]
        # Only the relay's end cancels it, and the server's own callback would report that.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
        for way in ways:
            way.cancel()
        ended = await asyncio.gather(*ways, return_exceptions=True)
        lost = any(isinstance(each, ConnectionError) for each in ended)
        for each in (writer, far_writer):
            if lost:
                _reset(each)
            each.close()

    def _draw(self) -> float:
        """How many bytes a new connection may carry."""
        if self._network.reset_after is None:
            return float("inf")
        return self._random.randint(*self._network.reset_after)

    async def _read(self, reader: asyncio.StreamReader, under_way: _UnderWay, left: _Left) -> None:
        """Takes what one side sends. Raises ConnectionError when the connection is lost."""
        free_at = 0.0
        while data := await reader.read(_CHUNK):
            self.passed += len(data)
            left.bytes -= len(data)
            if left.bytes < 0 and self.resets < self._network.most_resets:
                self.resets += 1
                raise ConnectionResetError
            begins = max(self._loop.time(), free_at)
            free_at = begins + len(data) / self._network.bytes_per_s
            await under_way.put((free_at + self._network.delay_s, data))
        await under_way.put((self._loop.time() + self._network.delay_s, b""))

    async def _send(self, under_way: _UnderWay, writer: asyncio.StreamWriter) -> None:
        """Gives it to the other side when it is due."""
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - self._loop.time())
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()


@dataclass
class _Left:
    """What one connection may still carry, both ways together."""

    bytes: float


def _reset(writer: asyncio.StreamWriter) -> None:
    near = writer.get_extra_info("socket")
    if near is not None:
        with contextlib.suppress(OSError):
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
