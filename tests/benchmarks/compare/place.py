# SPDX-License-Identifier: Apache-2.0
"""A folder for output bases that is there while it is needed, and that has room for them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ktstr.model.errors import InfraError

_GIB = 1 << 30
# Two output bases with roots, kernels and the results of //sched/...: 3 GiB each, and some room.
NEEDED_BYTES = 8 * _GIB


@contextmanager
def own_folder(parent: Path, needed: int = NEEDED_BYTES) -> Iterator[Path]:
    """A new folder in `parent`, which is made, and removed, where it is not there.

    Raises:
      InfraError: it cannot be made, there is too little room, or it cannot be removed.
    """
    made = not parent.exists()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        free = free_bytes(parent)
        folder = Path(tempfile.mkdtemp(prefix="ktstr-checkouts-", dir=parent)).resolve()
    except OSError as error:
        raise InfraError(
            f"checkouts: no output base can be made in {parent}: {error}; name another folder with "
            f"--fresh_output_base"
        ) from error
    try:
        if free < needed:
            raise InfraError(
                f"checkouts: {free / _GIB:.1f} GiB are free in {parent}, and two output bases need "
                f"{needed / _GIB:.1f}; name another folder with --fresh_output_base"
            )
        yield folder
    finally:
        _remove(folder)
        if made:
            parent.rmdir()


def free_bytes(folder: Path) -> int:
    """Of the file system that a folder is on."""
    return shutil.disk_usage(folder).free


def _remove(folder: Path) -> None:
    """Also what is read-only, as Bazel leaves its outputs."""
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o700)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise InfraError(
            f"checkouts: {folder} cannot be removed: {error}; remove it by hand"
        ) from error
