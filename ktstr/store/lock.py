# SPDX-License-Identifier: Apache-2.0
"""Locks between processes: flock(2) on files that are never removed, and waits that end."""

from __future__ import annotations

import fcntl
import os
import re
import select
import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from types import TracebackType

from ktstr.model.errors import InfraError
from ktstr.store.filesystem import explained

# exclusive locks are held while a directory is renamed, never while anything is computed
DEADLINE_S = 60.0

# flock(2) has no time-out: a child waits, on the open file that it shares with us, and tells its
# end by its pidfd. It dies with us. Arguments: file descriptor, operation, our pid.
_WAITER = """
import ctypes, fcntl, os, signal, sys
fd, operation, parent = map(int, sys.argv[1:])
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() != parent:
    os._exit(1)
fcntl.flock(fd, operation)
"""


class Mode(IntEnum):
    """Many may hold a lock SHARED, only one EXCLUSIVE."""

    SHARED = fcntl.LOCK_SH
    EXCLUSIVE = fcntl.LOCK_EX


class Lock:
    """A lock that is held until `close`, or until the kernel closes it for a dead process."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def close(self) -> None:
        """Gives the lock up; again is fine."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def try_lock(path: Path, mode: Mode) -> Lock | None:
    """Locks `path`, made if missing, unless somebody else holds it; None then.

    Raises:
      InfraError: the file cannot be opened or locked.
    """
    return _locked(_open(path), path, mode)


def lock(path: Path, mode: Mode, what: str, seconds: float = DEADLINE_S) -> Lock:
    """Locks `path`, made if missing, waiting for other holders for at most `seconds`.

    Raises:
      InfraError: the deadline passed, naming `what` and the holders; or as try_lock.
    """
    held = try_lock(path, mode)
    if held is not None:
        return held
    fd = _open(path)
    try:
        if _wait(fd, mode, seconds):
            return Lock(fd)
        raise InfraError(
            f"waited {seconds:g} s for {what}: {path} is still locked by {holders(fd)}; end that "
            f"process if it hangs"
        )
    except BaseException:
        os.close(fd)
        raise


def try_flock(fd: int, mode: Mode) -> bool:
    """Locks an open file or directory unless another open file of it is locked.

    Raises:
      OSError: the file system has no locks.
    """
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holders(fd: int) -> str:
    """Who holds locks on the open file, as far as /proc/locks tells this pid namespace."""
    inode = os.fstat(fd).st_ino
    try:
        table = Path("/proc/locks").read_text()
    except OSError:
        table = ""
    # 1: FLOCK  ADVISORY  WRITE 1234 08:01:131 0 EOF
    pids = re.findall(rf"FLOCK +\S+ +\S+ +([0-9]+) [0-9a-f]+:[0-9a-f]+:{inode} ", table)
    if not pids:
        return "a process of another pid namespace or machine"
    return ", ".join(f"process {pid}" for pid in sorted(set(pids), key=int))


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise explained(error, "open the lock", path) from None


def _locked(fd: int, path: Path, mode: Mode) -> Lock | None:
    try:
        if try_flock(fd, mode):
            return Lock(fd)
    except OSError as error:
        os.close(fd)
        raise explained(error, "lock", path) from None
    os.close(fd)
    return None


def _wait(fd: int, mode: Mode, seconds: float) -> bool:
    command = [sys.executable, "-I", "-S", "-c", _WAITER, str(fd), str(int(mode)), str(os.getpid())]
    try:
        child = subprocess.Popen(
            command,
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise InfraError(f"cannot start {command[0]} to wait for a lock: {error}") from None
    try:
        pidfd = os.pidfd_open(child.pid)
        try:
            poll = select.poll()
            poll.register(pidfd, select.POLLIN)
            poll.poll(seconds * 1000)
        finally:
            os.close(pidfd)
        return child.poll() == 0
    finally:
        child.kill()
        child.wait()
