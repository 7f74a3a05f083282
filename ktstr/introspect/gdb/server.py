# SPDX-License-Identifier: Apache-2.0
"""gdb's end of a TCP connection, on this machine alone."""

from __future__ import annotations

import select
import socket
from typing import Protocol

from ktstr.introspect.gdb.packets import INTERRUPT, Incoming, framed
from ktstr.model.errors import InfraError

_PIECE = 1 << 16
# of a gdb that reads nothing more
_LONGEST_S = 60.0


class Ends(Protocol):
    """Something that can be waited for."""

    def fileno(self) -> int:
        """Its descriptor."""


class Server:
    """Listens; then one gdb, until it is gone. What it sends is given packet by packet."""

    def __init__(self, port: int, ends: Ends, longest_s: float = _LONGEST_S) -> None:
        """`ends`: once it is readable, nobody waits any more.  longest_s: a gdb that takes nothing
        for so long is gone.

        Raises:
          InfraError: the port is taken.
        """
        self.ends, self.longest_s = ends, longest_s
        try:
            self._listening = socket.create_server(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise InfraError(f"gdb cannot be waited for at port {port}: {error}") from error
        self._gdb: socket.socket | None = None
        self._incoming = Incoming()
        self._waiting: list[bytes] = []
        self.acknowledges = True
        self._is_gone = False

    @property
    def port(self) -> int:
        """Where gdb is waited for."""
        port: int = self._listening.getsockname()[1]
        return port

    @property
    def connected(self) -> bool:
        """Whether there is a gdb, or was one."""
        return self._gdb is not None

    def accept(self) -> None:
        """Waits for gdb; without one, if that has an end."""
        if not self._comes(self._listening):
            return
        self._gdb, _ = self._listening.accept()
        self._gdb.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._gdb.setblocking(False)

    def adopt(self, fd: int) -> None:
        """That connection is gdb's, which another process has accepted."""
        self._gdb = socket.socket(fileno=fd)
        self._gdb.setblocking(False)

    @property
    def descriptor(self) -> int:
        """Of the connection with gdb; -1 without one."""
        return self._gdb.fileno() if self._gdb is not None else -1

    def packet(self) -> bytes | None:
        """The next packet, or None where gdb is gone. To interrupt who stands is nothing."""
        while True:
            while not self._waiting:
                if not self._receive():
                    return None
            found = self._waiting.pop(0)
            if found != INTERRUPT:
                return found

    def interrupted(self) -> bool:
        """Whether gdb has asked that the guest stops, or is gone, since somebody last asked."""
        assert self._gdb is not None
        while select.select([self._gdb], [], [], 0)[0]:
            if not self._receive():
                return True
        found = INTERRUPT in self._waiting
        self._waiting = [each for each in self._waiting if each != INTERRUPT]
        return found

    def send(self, reply: str) -> None:
        """Sends a packet; to a gdb that is gone, nothing."""
        self._put(framed(reply.encode("latin-1", "replace")))

    def close(self) -> None:
        """No gdb any more."""
        self._listening.close()
        if self._gdb is not None:
            self._gdb.close()

    def _comes(self, what: socket.socket) -> bool:
        """Waits for something; false where nobody waits any more."""
        return what in select.select([what, self.ends], [], [])[0]

    def _receive(self) -> bool:
        if self._gdb is None or self._is_gone or not self._comes(self._gdb):
            return False
        try:
            data = self._gdb.recv(_PIECE)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            return False
        found = self._incoming.feed(data)
        if self.acknowledges:
            whole = sum(each != INTERRUPT for each in found)
            self._put(b"-" * self._incoming.bad + b"+" * whole)
        self._incoming.bad = 0
        self._waiting += found
        return True

    def _put(self, data: bytes) -> None:
        left = memoryview(data)
        while left and self._gdb is not None and not self._is_gone:
            ends, takes, _ = select.select([self.ends], [self._gdb], [], self.longest_s)
            try:
                self._is_gone = bool(ends) or not takes
                left = left if self._is_gone else left[self._gdb.send(left) :]
            except BlockingIOError:
                continue
            except OSError:
                self._is_gone = True
