# SPDX-License-Identifier: Apache-2.0
"""Starting the processes of workers: programs, and functions of the test's source."""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING

from ktstr.guest.system.realtime import children_shielded
from ktstr.model.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOAD_S = 20.0


def launch_program(program: str, words: list[str], given: Iterable[int]) -> int:
    """Starts `program` with `words`; it inherits the descriptors `given`.  Returns its pid.

    Raises:
        OSError: it cannot be started.
    """
    with children_shielded():
        return os.posix_spawn(
            program,
            [program, *words],
            os.environb,  # os.environ would decode and encode all of it
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, fd) for fd in sorted(set(given))],
            setsigmask=[signal.SIGUSR1],  # until the worker waits for it
        )


def launch_function(source: str, words: list[str], given: Iterable[int]) -> int:
    """Starts a process for a function of the test file `source`; otherwise as `launch_program`.

    It is forked, which costs a guest less than another start of Python, and has loaded the file
    when this returns, so that loading is no part of the worker's life.

    Raises:
        OSError: it cannot be made.
        InfraError: the file was not loaded in time.
    """
    ready = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    try:
        with children_shielded():
            pid = os.fork()
        if pid == 0:
            from ktstr.guest.workers.python import run_python_worker

            run_python_worker(source, words, {*given, ready[1]}, ready[1])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(ready[1])
    # it is readable as well when the process ends before: then its exit status tells
    loaded = select.select([ready[0]], [], [], _LOAD_S)[0]
    os.close(ready[0])
    if not loaded:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise InfraError(f"PythonWork: {source} was not loaded within {_LOAD_S:g} s")
    return pid
