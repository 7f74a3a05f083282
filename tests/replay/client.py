# SPDX-License-Identifier: Apache-2.0
"""A gdb that says what a test has it say, to a NAME.replay."""

from __future__ import annotations

import socket
import time

from ktstr.introspect.gdb.packets import INTERRUPT, Incoming, framed

# of `g`, in hex: the 17th register of 64 bits
_RIP = slice(16 * 16, 17 * 16)


def free_port() -> int:
    """One that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


class Gdb:
    """gdb's side of the connection, as far as the test has need of it."""

    def __init__(self, port: int) -> None:
        ends_at = time.monotonic() + 200
        while True:
            try:
                self._end = socket.create_connection(("127.0.0.1", port), timeout=200)
                break
            except ConnectionRefusedError:
                # the replay listens once it knows the run
                if time.monotonic() > ends_at:
                    raise
                time.sleep(0.1)
        self._incoming, self._waiting = Incoming(), list[bytes]()
        self.ask("QStartNoAckMode")

    def ask(self, packet: str) -> str:
        """The reply."""
        self._end.sendall(framed(packet.encode()))
        return self._hear(packet)

    def interrupted(self, packet: str) -> str:
        """The reply to a packet that is interrupted."""
        self._end.sendall(framed(packet.encode()) + INTERRUPT)
        return self._hear(packet)

    def _hear(self, packet: str) -> str:
        while not self._waiting:
            data = self._end.recv(65536)
            if not data:
                raise AssertionError(f"no reply to {packet}")
            self._waiting += self._incoming.feed(data)
        return self._waiting.pop(0).decode()

    def monitor(self, command: str) -> str:
        """What a command of `monitor` prints."""
        return bytes.fromhex(self.ask(f"qRcmd,{command.encode().hex()}")).decode()

    def rip(self) -> int:
        """Where the CPU is that stands."""
        return int.from_bytes(bytes.fromhex(self.ask("g")[_RIP]), "little")

    def close(self) -> None:
        """It is gone."""
        self._end.close()
