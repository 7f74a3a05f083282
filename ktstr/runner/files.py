# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or not there, and runfiles."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from runfiles import Runfiles

from ktstr.model.errors import InfraError


@contextmanager
def write_atomically(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when the block ends well, and leaves nothing when it does not.

    Raises:
        InfraError: it cannot be written, e.g. because the disk is full.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            yield file
            file.flush()
        draft.replace(path)
    except OSError as error:
        _discard(draft)
        raise explained(error, path) from error
    except BaseException:
        _discard(draft)
        raise


def _discard(draft: Path) -> None:
    # the directory itself may be what is wrong
    with suppress(OSError):
        draft.unlink()


def explained(error: OSError, path: Path) -> InfraError:
    """The error that says what to do about an output that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return InfraError(
            f"cannot write {path}: {os.strerror(error.errno)}; free some space there (Bazel's "
            f"output base: `bazel info output_base`) and run the test again"
        )
    return InfraError(f"cannot write {path}: {error}")


class FileTree(Protocol):
    """Finds the files of a target by the names that its configuration has for them."""

    def path(self, name: str) -> Path:
        """The real path of a file.

        Raises:
            InfraError: it is not there.
        """


class BuildTree:
    """Finds files in a build action, where their names are paths from its working directory."""

    def path(self, name: str) -> Path:
        """The real path of a file.

        Raises:
            InfraError: it is not there.
        """
        if not os.path.exists(name):
            raise InfraError(f"{name} is not there, though it is an input of this build action")
        return Path(os.path.realpath(name))


class RunfilesTree:
    """Finds a target's files by their runfiles paths."""

    def __init__(self) -> None:
        """Raises InfraError when this program was started without runfiles."""
        found = Runfiles.Create()
        if found is None:
            raise InfraError(
                "no runfiles found; start this through Bazel (`bazel test`, `bazel run`) or set "
                "RUNFILES_DIR"
            )
        self._runfiles = found

    def directory(self, name: str) -> Path:
        """A directory of the runfiles, as it is: its files are links to where they really lie."""
        return Path(self._runfiles.Rlocation(name) or name)

    def path(self, name: str) -> Path:
        """The real path of a runfile, symbolic links resolved so that it outlives the sandbox.

        Raises:
            InfraError: it is not there.
        """
        found = self._runfiles.Rlocation(name)
        if found is None or not os.path.exists(found):
            raise InfraError(f"runfile {name} is not there; build the target again")
        return Path(os.path.realpath(found))
