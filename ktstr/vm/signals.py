# SPDX-License-Identifier: Apache-2.0
"""Signals that ask us to end, as something a loop can wait for."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType
from typing import Self

from ktstr.model.exit_status import signal_name

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Termination:
    """While this context is open, SIGTERM, SIGINT and SIGHUP are recorded instead of killing us.

    Only for the main thread, where Python runs signal handlers.  `first` is the name of the first
    signal, empty before it.
    """

    def __init__(self) -> None:
        self.first = ""
        self._received: list[str] = []
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in _ENDING:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        os.close(self._read)
        os.close(self._write)

    def fileno(self) -> int:
        """Becomes readable when a signal has come."""
        return self._read

    def received(self) -> list[str]:
        """Names of the signals since the last call."""
        try:
            os.read(self._read, 4096)
        except BlockingIOError:
            pass
        names, self._received = self._received, []
        return names

    def _handle(self, number: int, frame: FrameType | None) -> None:
        name = signal_name(number)
        self.first = self.first or name
        self._received.append(name)
        try:
            os.write(self._write, b"!")
        except BlockingIOError:
            pass  # The pipe is full of earlier ones: the loop wakes up all the same.
