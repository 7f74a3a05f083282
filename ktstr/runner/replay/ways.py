# SPDX-License-Identifier: Apache-2.0
"""Messages between a process and those that it has forked, which are of one program."""

from __future__ import annotations

import os
import pickle
import select
import socket
import struct
from typing import Any

from ktstr.introspect.gdb.server import Ends

_SIZE = struct.Struct("<I")


class Way:
    """One end; a message is any data that can be pickled, and may come with a descriptor."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    @classmethod
    def pair(cls) -> tuple[Way, Way]:
        """Both ends."""
        ours, theirs = socket.socketpair()
        return cls(ours), cls(theirs)

    def say(self, message: object, fd: int = -1) -> bool:
        """Whether the other end is there."""
        data = pickle.dumps(message)
        try:
            socket.send_fds(self._end, [_SIZE.pack(len(data))], [fd] if fd >= 0 else [])
            self._end.sendall(data)
        except OSError:
            return False
        return True

    def hear(self) -> tuple[Any, int]:
        """The next message and its descriptor (-1); None where the other end is gone."""
        try:
            head, fds, _, _ = socket.recv_fds(self._end, _SIZE.size, 1)
            data = self._end.recv(_SIZE.unpack(head)[0], socket.MSG_WAITALL) if head else b""
        except OSError:
            return None, -1
        for each in fds[1:]:
            os.close(each)
        return (pickle.loads(data) if data else None), (fds[0] if fds else -1)

    def comes_before(self, ends: Ends) -> bool:
        """Waits until something is to be heard, or `ends` is readable: whether it is the first."""
        return self._end in select.select([self._end, ends], [], [])[0]

    def has_more(self) -> bool:
        """Whether somebody has said something, or the other end is gone."""
        return bool(select.select([self._end], [], [], 0)[0])

    def close(self) -> None:
        """Gives it back."""
        self._end.close()
