# SPDX-License-Identifier: Apache-2.0
"""A child process that cannot outlive this one, and whose end can be polled for."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
from collections.abc import Sequence
from typing import IO

from ktstr.host.parent import die_with
from ktstr.model.errors import InfraError


class Process:
    """A running child. The kernel kills it when this process dies, even by SIGKILL."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        self._pidfd = os.pidfd_open(child.pid)

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        output: IO[bytes],
        pass_fds: Sequence[int] = (),
        file_bytes: int | None = None,
    ) -> Process:
        """Starts `command` in a session of its own, standard output and error going to `output`.

        A session of its own, because a signal to our process group (Bazel's time-out sends one)
        must reach us alone: we save what there is and end the child in order. With `file_bytes`
        no file that the child writes grows beyond that size.

        Raises:
          InfraError: the program cannot be started.
        """
        parent = os.getpid()

        def prepare() -> None:
            die_with(parent)
            if file_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
                start_new_session=True,
                preexec_fn=prepare,  # noqa: PLW1509 - this program has one thread
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise InfraError(f"cannot start {command[0]}: {error}") from None
        return cls(child)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def fileno(self) -> int:
        """A file descriptor that becomes readable when the process ends."""
        return self._pidfd

    def poll(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        return self._child.poll()

    def wait(self, seconds: float) -> int | None:
        """Waits at most `seconds` for the end; the exit status, or None when it still runs."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)
        return self._child.poll()

    def kill(self) -> int:
        """Ends the process with SIGKILL if it runs, reaps it and returns its status."""
        if self._child.poll() is None:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        return self._child.wait()

    def close(self) -> None:
        """Kills the process if it runs and gives back what it held."""
        self.kill()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
