# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

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
