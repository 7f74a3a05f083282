# SPDX-License-Identifier: Apache-2.0
"""Children of a test: forks of it that run one function, and how they ended."""

from __future__ import annotations

import os
import select
import sys
import traceback
from collections.abc import Callable

_DEADLINE_S = 60.0


class Child:
    """A fork of this process that runs `body` and exits with 0, or with 1 and a traceback."""

    def __init__(self, body: Callable[[], None]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                body()
                status = 0
            finally:
                if status:
                    traceback.print_exc()
                sys.stderr.flush()
                os._exit(status)
        self._pidfd = os.pidfd_open(self.pid)
        self.status: int | None = None

    def wait(self) -> int:
        """The exit status, negative for a signal; AssertionError after the deadline."""
        if self.status is None:
            if not select.select([self._pidfd], [], [], _DEADLINE_S)[0]:
                self.kill()
                raise AssertionError(f"child {self.pid} still ran after {_DEADLINE_S:g} s")
            self._reap()
        assert self.status is not None
        return self.status

    def kill(self) -> None:
        """Ends it with SIGKILL if it runs, and reaps it."""
        if self.status is None:
            os.kill(self.pid, 9)
            self._reap()

    def _reap(self) -> None:
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self._pidfd)


class Signal:
    """A pipe that one process tells another through that it has come to a point."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def send(self) -> None:
        """Lets one waiter go on."""
        os.write(self._write, b".")

    def wait(self) -> None:
        """Waits for a `send`; AssertionError after the deadline."""
        if not select.select([self._read], [], [], _DEADLINE_S)[0]:
            raise AssertionError(f"no signal within {_DEADLINE_S:g} s")
        os.read(self._read, 1)

    def close(self) -> None:
        """Gives the pipe back."""
        os.close(self._read)
        os.close(self._write)
