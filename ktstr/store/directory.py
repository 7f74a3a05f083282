# SPDX-License-Identifier: Apache-2.0
"""Where the store is, and whether a directory can be one."""

from __future__ import annotations

import errno
import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from ktstr.model.errors import InfraError
from ktstr.store.filesystem import explained

SUBDIRECTORIES = ("entries", "locks", "staging")


def default_root(environment: Mapping[str, str] = os.environ) -> Path:
    """`ktstr/store` in the user's cache directory (XDG Base Directory Specification).

    That is $XDG_CACHE_HOME, which counts only if it is absolute, or ~/.cache.

    Raises:
      InfraError: this user has no home directory.
    """
    cache = Path(environment.get("XDG_CACHE_HOME", ""))
    if not cache.is_absolute():
        home = environment.get("HOME", "")
        if not home:
            try:
                home = pwd.getpwuid(os.geteuid()).pw_dir
            except KeyError:
                raise InfraError(
                    f"no place for a store: user {os.geteuid()} has no home directory, and neither "
                    f"XDG_CACHE_HOME nor HOME is set"
                ) from None
        cache = Path(home, ".cache")
    return cache / "ktstr" / "store"


def prepare_root(root: Path) -> None:
    """Makes `root` and what belongs below it, for this user only, and checks what is there.

    Raises:
      InfraError: a part is no directory, a symbolic link, somebody else's or writable by others;
        or it cannot be made, e.g. because the file system is full or read-only.
    """
    for path in (root, *(root / name for name in SUBDIRECTORIES)):
        try:
            if path == root:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            check_directory(path)
            raise InfraError(f"store: {path.parent} is no directory, so {path} cannot be") from None
        except OSError as error:
            raise explained(error, "make the store's", path) from None
        check_directory(path)
        if not os.access(path, os.W_OK):
            raise explained(_why_not_writable(path), "write to the store's", path)


def check_directory(path: Path) -> None:
    """Refuses what must not be part of a store; a path that does not exist is fine.

    Raises:
      InfraError: saying what was found.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise explained(error, "look at the store's", path) from None
    if stat.S_ISLNK(found.st_mode):
        raise InfraError(
            f"store: {path} is a symbolic link to {os.readlink(path)}; name that directory itself"
        )
    if not stat.S_ISDIR(found.st_mode):
        raise InfraError(f"store: {path} is no directory; remove it, or name another place")
    if found.st_uid != os.geteuid():
        raise InfraError(
            f"store: {path} belongs to user {found.st_uid}, this is user {os.geteuid()}; every "
            f"user needs a store of their own"
        )
    if found.st_mode & stat.S_IWOTH:
        raise InfraError(
            f"store: everybody may write to {path} (mode {stat.S_IMODE(found.st_mode):o}), so its "
            f"content cannot be trusted; chmod o-w it"
        )


def _why_not_writable(path: Path) -> OSError:
    # access(2) said no; only doing it tells the reason
    try:
        fd = os.open(path, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        return error
    os.close(fd)
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
