# SPDX-License-Identifier: Apache-2.0
"""A small QMP client: QEMU's machine protocol, one JSON object per line.

The protocol is that of QEMU's docs/interop/qmp-spec.rst. Commands are synchronous, with a deadline
each; events that arrive meanwhile are kept for `events`.
"""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any

from ktstr.model.errors import InfraError

_RECEIVE_SIZE = 1 << 16


class QmpError(InfraError):
    """QEMU refused a command, broke the protocol, did not answer in time, or is gone."""


class Qmp:
    """One connection to a QEMU monitor in control mode."""

    def __init__(self, connection: socket.socket) -> None:
        """Takes over a connected socket; nothing is exchanged before `negotiate`."""
        connection.setblocking(False)
        self._socket = connection
        self._buffer = b""
        self._events: list[dict[str, Any]] = []
        self._closed = False
        self._next_id = 0

    def fileno(self) -> int:
        """For select and poll."""
        return self._socket.fileno()

    @property
    def closed(self) -> bool:
        """Whether QEMU closed its end."""
        return self._closed

    def negotiate(self, timeout: float) -> None:
        """Waits for the greeting and leaves capabilities negotiation.

        Raises:
          QmpError: no greeting or no answer within `timeout` seconds, or QEMU is gone.
        """
        ends_at = time.monotonic() + timeout
        greeting = self._next_message("greeting", ends_at)
        if "QMP" not in greeting:
            raise QmpError(f"QMP greeting expected, found {greeting}")
        self.execute("qmp_capabilities", timeout=max(0.0, ends_at - time.monotonic()))

    def execute(self, command: str, *, timeout: float = 10.0, **arguments: Any) -> Any:
        """Runs one command and returns what it returns.

        Raises:
          QmpError: QEMU answered with an error, not within `timeout` seconds, or is gone.
        """
        ends_at = time.monotonic() + timeout
        self._next_id += 1
        request: dict[str, Any] = {"execute": command, "id": self._next_id}
        if arguments:
            request["arguments"] = arguments
        self._send(command, json.dumps(request).encode() + b"\n", ends_at)
        while True:
            message = self._next_message(command, ends_at)
            if "event" in message:
                self._events.append(message)
            elif "error" in message:
                error = message["error"]
                raise QmpError(f"QMP {command}: {error.get('class')}: {error.get('desc')}")
            elif message.get("id") == self._next_id:
                return message.get("return")

    def events(self) -> list[dict[str, Any]]:
        """All events that have arrived, without waiting; each has event, data and timestamp."""
        while not self._closed and self._receive():
            pass
        while (message := self._take()) is not None:
            if "event" in message:
                self._events.append(message)
        arrived, self._events = self._events, []
        return arrived

    def wait_event(self, name: str, *, timeout: float) -> dict[str, Any]:
        """Waits for the next event of this name and returns its data; the others are kept.

        Raises:
          QmpError: it did not come within `timeout` seconds, or QEMU is gone.
        """
        ends_at = time.monotonic() + timeout
        while True:
            for index, event in enumerate(self._events):
                if event["event"] == name:
                    found: dict[str, Any] = self._events.pop(index).get("data", {})
                    return found
            message = self._next_message(f"event {name}", ends_at)
            if "event" in message:
                self._events.append(message)

    def close(self) -> None:
        """Closes the connection; QEMU goes on."""
        self._socket.close()
        self._closed = True

    def _send(self, command: str, data: bytes, ends_at: float) -> None:
        while data:
            try:
                data = data[self._socket.send(data) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, command, ends_at)
            except OSError as error:
                self._closed = True
                raise QmpError(f"QMP {command}: QEMU is gone ({error.strerror})") from None

    def _next_message(self, purpose: str, ends_at: float) -> dict[str, Any]:
        while True:
            message = self._take()
            if message is not None:
                return message
            if self._closed:
                raise QmpError(f"QMP {purpose}: QEMU closed the connection")
            self._wait(select.POLLIN, purpose, ends_at)
            self._receive()

    def _wait(self, interest: int, purpose: str, ends_at: float) -> None:
        poll = select.poll()
        poll.register(self._socket, interest)
        if not poll.poll(max(0.0, ends_at - time.monotonic()) * 1000):
            raise QmpError(f"QMP {purpose}: no answer from QEMU within its deadline")

    def _receive(self) -> bool:
        """Reads once; whether something came."""
        try:
            data = self._socket.recv(_RECEIVE_SIZE)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._closed = True
            return False
        self._buffer += data
        return True

    def _take(self) -> dict[str, Any] | None:
        line, newline, rest = self._buffer.partition(b"\n")
        if not newline:
            return None
        self._buffer = rest
        try:
            message = json.loads(line)
        except ValueError as error:
            raise QmpError(f"QMP: no JSON in {line[:80]!r}: {error}") from None
        if not isinstance(message, dict):
            raise QmpError(f"QMP: an object expected, found {line[:80]!r}")
        return message
