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
# one that forks all the time leaves any number
_NAMED = 64
_NS = 1_000_000_000
_numbers = itertools.count(1)


def new_mark() -> str:
    """The value of `VARIABLE` for one more life of a scheduler in this guest."""
    return str(next(_numbers))


def kill_left(mark: str, reactor: Reactor) -> tuple[tuple[str, ...], str]:
    """Kills whoever has this mark, and waits until they have gone.

    Returns what they are called, and why it was given up; empty if it was not.
    """
    killed: dict[int, str] = {}
    waited: dict[int, int] = {}

    def gone(pid: int) -> None:
        reactor.forget(waited[pid])
        os.close(waited.pop(pid))

    deadline = time.monotonic_ns() + int(_GONE_S * _NS)
    # one that forks while it is looked for is found the next time
    while found := [pid for pid in _marked(mark) if pid not in waited]:
        if time.monotonic_ns() >= deadline:
            break
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
        reactor.wait(deadline, lambda: not waited)
    for pid in list(waited):
        gone(pid)
    names = tuple(itertools.islice(killed.values(), _NAMED))
    if not found:
        return names, ""
    return names, (
        f"processes that it has started still fork after {_GONE_S:g} s in which {len(killed)} were "
        f"killed (deadline 'forked processes'), and go on in this guest"
    )


def _marked(mark: str) -> list[int]:
    return [each.pid for each in running() if _has(each.pid, mark)]


def _has(pid: int, mark: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return False
    return f"{VARIABLE}={mark}".encode() in words
