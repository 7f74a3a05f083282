# SPDX-License-Identifier: Apache-2.0
"""Who made a file in staging, said by its name, and whether that process is gone."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = 0


@dataclass(frozen=True)
class Owner:
    """A process.  UNKNOWN where /proc does not say.

    start: when it began, in clock ticks since boot (proc_pid_stat(5) field 22), since pids are
    used again.  namespace: the inode of its pid namespace, outside which `pid` means nothing.
    """

    pid: int
    start: int
    namespace: int


class Purpose(StrEnum):
    """What something in staging is for."""

    PUBLISH = "publish"
    REMOVE = "remove"


@dataclass(frozen=True)
class Staged:
    """A name in staging.  serial: 16 hex digits that make it unique within its owner."""

    purpose: Purpose
    owner: Owner
    serial: str

    def __str__(self) -> str:
        owner = self.owner
        return f"{self.purpose}.{owner.pid}.{owner.start}.{owner.namespace}.{self.serial}"


_NUMBER = "(0|[1-9][0-9]{0,19})"
_STAGED = re.compile(
    rf"({'|'.join(Purpose)})\.([1-9][0-9]{{0,9}})\.{_NUMBER}\.{_NUMBER}\.([0-9a-f]{{16}})"
)


def parse_staged(name: str) -> Staged | None:
    """What `name` says, or None for a foreign name: pids below 1 make one, and are never probed."""
    found = _STAGED.fullmatch(name)
    if found is None:
        return None
    pid, start, namespace = (int(part) for part in found.group(2, 3, 4))
    return Staged(Purpose(found[1]), Owner(pid, start, namespace), found[5])


def new_staged(purpose: Purpose) -> Staged:
    """A name of this process that nobody has used."""
    return Staged(purpose, this_process(), secrets.token_hex(8))


def this_process() -> Owner:
    """The calling process, as others will find it in a name."""
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        namespace = UNKNOWN
    # by pid, not "self": where /proc is of another pid namespace the two differ
    return Owner(os.getpid(), _started(os.getpid()), namespace)


def started(pid: int) -> int | None:
    """When process `pid` began, UNKNOWN if that cannot be told, None if there is no such process.

    Only ESRCH means that there is none: EPERM and anything else is a live process.
    """
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # beyond the range of pid_t there is no process
        return None
    except OSError:
        pass
    return _started(pid)


def is_gone(
    owner: Owner, *, locked: bool, here: Owner, probe: Callable[[int], int | None] = started
) -> bool:
    """Whether what `owner` left in staging may be removed.

    An owner holds an flock on what it makes from before others can see it, so `locked` is proof of
    life across pid namespaces (Bazel's sandbox has its own) and machines. Without it, a pid of our
    own namespace must be gone, too, or belong to another process by now; a pid of another namespace
    says nothing. `probe` is `started`, and is asked about pids of at least 1 only.
    """
    if locked or owner.pid < 1:
        return False
    if owner.namespace == UNKNOWN or owner.namespace != here.namespace:
        return True
    start = probe(owner.pid)
    if start is None:
        return True
    return UNKNOWN not in (start, owner.start) and start != owner.start


def _started(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # the name, in parentheses, may contain anything; field 3 follows the last one
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return UNKNOWN
