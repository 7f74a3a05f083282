# SPDX-License-Identifier: Apache-2.0
"""Files that another process appends to, read as they grow."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from ktstr.model.errors import InfraError

_IN_MODIFY = 0x2
_LIBC = ctypes.CDLL(None, use_errno=True)
_READ_SIZE = 1 << 20
_NOTICES_SIZE = 1 << 16


class GrowthNotifier:
    """A file descriptor that becomes readable when one of some files has been written to."""

    def __init__(self, paths: list[Path]) -> None:
        """Watches `paths`, which must exist.

        Raises:
          InfraError: the kernel refuses, e.g. the user's limit of inotify instances is reached.
        """
        self._fd: int = _LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            self._fail("inotify_init1", "")
        for path in paths:
            if _LIBC.inotify_add_watch(self._fd, os.fsencode(path), _IN_MODIFY) < 0:
                self._fail("inotify_add_watch", str(path))

    def fileno(self) -> int:
        """For poll."""
        return self._fd

    def clear(self) -> None:
        """Takes the notices that have arrived, so that the descriptor waits for new ones."""
        try:
            os.read(self._fd, _NOTICES_SIZE)
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Ends the watch."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _fail(self, call: str, path: str) -> None:
        reason = os.strerror(ctypes.get_errno())
        raise InfraError(
            f"{call} {path}: {reason}; see fs.inotify.max_user_instances and max_user_watches"
        )


class Follower:
    """Reads what was appended to a file since the last reading."""

    def __init__(self, path: Path) -> None:
        """Creates the file when it is missing."""
        self.path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes read until now."""
        return self._size

    def read(self) -> bytes:
        """What is new, at most a mebibyte of it; empty when nothing is."""
        data = os.read(self._fd, _READ_SIZE)
        self._size += len(data)
        return data

    def close(self) -> None:
        """Closes the file, which stays."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
