# SPDX-License-Identifier: Apache-2.0
"""Sparse images."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from ktstr.store.filesystem import explained


def make_sparse(path: Path, size: int) -> None:
    """Makes `path` a new file of `size` bytes that are all zero and take no space.

    Raises:
      InfraError: it cannot be made, or not that large; nothing is left then.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise explained(error, "make", path) from None
    try:
        os.ftruncate(fd, size)
    except (OSError, OverflowError) as error:
        path.unlink()
        cause = (
            error if isinstance(error, OSError) else OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        )
        raise explained(cause, f"make an image of {size} bytes at", path) from None
    finally:
        os.close(fd)
