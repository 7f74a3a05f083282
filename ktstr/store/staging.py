# SPDX-License-Identifier: Apache-2.0
"""Staging: where entries are made and taken apart, and who sweeps up after the killed."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ktstr.store.filesystem import explained
from ktstr.store.lock import Mode, lock, try_flock, try_lock
from ktstr.store.owner import Purpose, Staged, is_gone, new_staged, parse_staged, this_process


@dataclass(frozen=True)
class Sweep:
    """What a sweep did.  removed: names of debris.  kept: name -> why, foreign names included."""

    removed: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()


class Staging:
    """The staging directory of a store.

    Whatever is put there is locked with flock(2) by its maker, until it is gone or published. That
    takes two steps, so both happen under the shared sweep lock, and sweepers, who hold it
    exclusively while they look, never see one without the other.
    """

    def __init__(self, directory: Path, sweep_lock: Path) -> None:
        self.directory = directory
        self._sweep_lock = sweep_lock

    @contextmanager
    def make_directory(self, purpose: Purpose) -> Iterator[Path]:
        """A new directory, removed with its content in the end unless it was renamed away.

        Raises:
          InfraError: it cannot be made or removed.
        """
        path = self.directory / str(new_staged(purpose))
        with lock(self._sweep_lock, Mode.SHARED, "the end of a sweep"):
            try:
                path.mkdir(mode=0o700)
            except OSError as error:
                raise explained(error, "make", path) from None
            try:
                fd = self._open_locked(path)
            except OSError as error:
                path.rmdir()
                raise explained(error, "lock", path) from None
        try:
            yield path
        finally:
            try:
                _remove(path)
            except OSError as error:
                raise explained(error, "remove", path) from None
            finally:
                os.close(fd)

    def sweep(self) -> Sweep:
        """Removes what processes that are gone have left behind.

        If somebody is just putting something in, nothing is done: the next sweep does it.

        Raises:
          InfraError: the directory cannot be read.
        """
        sweeping = try_lock(self._sweep_lock, Mode.EXCLUSIVE)
        if sweeping is None:
            return Sweep(kept=(("", "somebody is writing to staging or sweeping it"),))
        kept: list[tuple[str, str]] = []
        debris: list[tuple[Path, int]] = []
        try:
            with sweeping:
                for name in self._names():
                    reason = self._judge(name, debris)
                    if reason:
                        kept.append((name, reason))
            removed = []
            for path, _ in debris:
                try:
                    _remove(path)
                    removed.append(path.name)
                except OSError as error:
                    kept.append((path.name, f"cannot be removed: {error.strerror}"))
        finally:
            for _, fd in debris:
                os.close(fd)
        return Sweep(tuple(removed), tuple(kept))

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self.directory))
        except OSError as error:
            raise explained(error, "read", self.directory) from None

    def _judge(self, name: str, debris: list[tuple[Path, int]]) -> str:
        """Why `name` stays; empty if it is debris, and added to `debris`, locked by us."""
        staged = parse_staged(name)
        if staged is None:
            return "not a name of this store"
        path = self.directory / name
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:  # its maker has just removed it
            return ""
        except OSError as error:
            return f"cannot be opened: {error.strerror}"
        try:
            locked = not try_flock(fd, Mode.EXCLUSIVE)
        except OSError as error:
            os.close(fd)
            return f"cannot be locked: {error.strerror}"
        if is_gone(staged.owner, locked=locked, here=this_process()):
            debris.append((path, fd))
            return ""
        os.close(fd)
        return _in_use(staged, locked)

    @staticmethod
    def _open_locked(path: Path) -> int:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try_flock(fd, Mode.EXCLUSIVE)  # nobody else can have opened it: sweepers are locked out
        except BaseException:
            os.close(fd)
            raise
        return fd


def _in_use(staged: Staged, locked: bool) -> str:
    if locked:
        return f"locked by its maker, process {staged.owner.pid}"
    return f"its maker, process {staged.owner.pid}, is alive"


def _remove(path: Path) -> None:
    try:
        is_directory = stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if is_directory:
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
