# SPDX-License-Identifier: Apache-2.0
"""What a scheduler's process left running when it ended: found by its environment, and killed."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

from ktstr.guest.system.processes import describe, running

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

# in the environment of a scheduler's program, and so of all that it starts
VARIABLE = "KTSTR_SCHEDULER_LIFE"
_GONE_S = 2.0
_NS = 1_000_000_000
_numbers = itertools.count(1)


def new_mark() -> str:
    """The value of `VARIABLE` for one more life of a scheduler in this guest."""
    return str(next(_numbers))


def kill_left(mark: str, reactor: Reactor) -> tuple[str, ...]:
    """Kills whoever has this mark, and waits until they have gone; returns what they are called."""
    killed: dict[int, str] = {}
    waited: dict[int, int] = {}

    def gone(pid: int) -> None:
        reactor.forget(waited[pid])
        os.close(waited.pop(pid))

    deadline = time.monotonic_ns() + int(_GONE_S * _NS)
    # one that forks while it is looked for is found the next time
    while found := [pid for pid in _marked(mark) if pid not in waited]:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                name = describe(pid)
                if not _has(pid, mark):
                    os.close(descriptor)  # its number has another owner
                    continue
                killed[pid], waited[pid] = name or "gone", descriptor
                reactor.watch(descriptor, partial(gone, pid))
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        if not reactor.wait(deadline, lambda: not waited):
            break
    for pid in list(waited):
        gone(pid)
    return tuple(killed.values())


def _marked(mark: str) -> list[int]:
    return [each.pid for each in running() if _has(each.pid, mark)]


def _has(pid: int, mark: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return False
    return f"{VARIABLE}={mark}".encode() in words
