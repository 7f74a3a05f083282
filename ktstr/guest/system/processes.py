# SPDX-License-Identifier: Apache-2.0
"""Who runs in the guest, as /proc tells it (Documentation/filesystems/proc.rst)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

_COMMAND = 60
_GONE = ("Z", "X")  # a zombie holds nothing but its number


@dataclass(frozen=True)
class Process:
    """A process that has not ended: `group` is its process group's number."""

    pid: int
    group: int


def running() -> Iterator[Process]:
    """All processes, by number; zombies do not count."""
    for pid in sorted(map(int, filter(str.isdecimal, os.listdir("/proc")))):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                # the name in parentheses may hold anything
                state, _parent, group = file.read().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if state not in _GONE:
            yield Process(pid, int(group))


def writes(pid: int, files: frozenset[tuple[int, int]]) -> bool:
    """Whether a process has one of these files, given as (device, inode), open for writing."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            found = os.stat(f"{folder}/{name}")
            mode = os.lstat(f"{folder}/{name}").st_mode
        except OSError:
            continue
        # the link's permissions are those that the file was opened with
        if (found.st_dev, found.st_ino) in files and mode & stat.S_IWUSR:
            return True
    return False


def describe(pid: int) -> str:
    """`sleep (sleep 100)`; empty for a process that is gone."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            name = file.read().strip()
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            command = file.read().replace("\0", " ").strip()
    except OSError:
        return ""
    return f"{name} ({command[:_COMMAND]})" if command else name
