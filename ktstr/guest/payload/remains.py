# SPDX-License-Identifier: Apache-2.0
"""What a payload leaves behind when its leader has ended: found, killed, and seen to be gone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ktstr.guest.system.processes import describe, running, writes

if TYPE_CHECKING:
    from ktstr.guest.system.reactor import Reactor

_NS = 1_000_000_000


@dataclass(frozen=True)
class Remnant:
    """A process that is to go; `pidfd` is open until `await_gone` has closed it."""

    pid: int
    pidfd: int
    name: str


def members_of(group: int, leader: int) -> list[Remnant]:
    """The processes of a group without its leader."""
    return _held(each.pid for each in running() if each.group == group and each.pid != leader)


def holders_of(descriptors: Iterable[int]) -> list[Remnant]:
    """The processes that can still write into the pipes of these descriptors."""
    files = frozenset((found.st_dev, found.st_ino) for found in map(os.fstat, descriptors))
    found = _held(each.pid for each in running() if writes(each.pid, files))
    # asked again: between the first answer and its pidfd a number may have changed its owner
    stale = [each for each in found if not writes(each.pid, files)]
    for each in stale:
        os.close(each.pidfd)
    return [each for each in found if each not in stale]


def kill_group(group: int) -> None:
    """Kills a whole process group at once; harmless if there is nobody in it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill(remnants: Iterable[Remnant]) -> None:
    """Kills these processes, and no others that have got their numbers since."""
    for each in remnants:
        try:
            signal.pidfd_send_signal(each.pidfd, signal.SIGKILL)
        except ProcessLookupError:
            continue


def await_gone(remnants: Iterable[Remnant], reactor: Reactor, seconds: float) -> list[Remnant]:
    """Waits for the ends of killed processes; returns who is still there after `seconds`."""
    left = {each.pidfd: each for each in remnants}

    def gone(pidfd: int) -> None:
        reactor.forget(pidfd)
        del left[pidfd]
        os.close(pidfd)

    for pidfd in left:
        reactor.watch(pidfd, partial(gone, pidfd))
    reactor.wait(time.monotonic_ns() + int(seconds * _NS), lambda: not left)
    still = list(left.values())
    for pidfd in list(left):
        gone(pidfd)
    return still


def _held(pids: Iterable[int]) -> list[Remnant]:
    """Remnants with a pidfd each, so that no number is taken for its next owner's."""
    found = []
    for pid in pids:
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            continue  # it has just ended
        name = describe(pid)
        found.append(Remnant(pid, pidfd, name or "gone"))
    return found
