# SPDX-License-Identifier: Apache-2.0
"""Waits for a child process that may never end by itself."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

_NS = 1_000_000_000


def await_child(
    reactor: Reactor, pid: int, seconds: float, kill_s: float
) -> tuple[int | None, bool]:
    """Its status, as wait(2) gives it, and whether it ended within `seconds`.

    One that did not is killed, and has `kill_s` more to go; None if it is still there after that,
    as in the kernel it may be.
    """
    statuses: list[int] = []
    pidfd = os.pidfd_open(pid)

    def reap() -> None:
        statuses.append(os.waitpid(pid, 0)[1])
        reactor.forget(pidfd)

    def ended(within_s: float) -> bool:
        return reactor.wait(time.monotonic_ns() + int(within_s * _NS), lambda: bool(statuses))

    reactor.watch(pidfd, reap)
    in_time = ended(seconds)
    if not in_time:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        ended(kill_s)
    reactor.forget(pidfd)
    os.close(pidfd)
    return (statuses[0] if statuses else None), in_time
