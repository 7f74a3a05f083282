# SPDX-License-Identifier: Apache-2.0
"""Clones of files that share their blocks (FICLONE), never a silent full copy."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from ktstr.model.errors import InfraError
from ktstr.store.filesystem import described, explained, filesystem_of, nearest_existing

# ioctl_ficlone(2): _IOW(0x94, 9, int), include/uapi/linux/fs.h
_FICLONE = 0x40049409
# larger than what a file system keeps inline, so that blocks are really shared
_PROBE = bytes(range(256)) * 256
_NO_REFLINK = (errno.EOPNOTSUPP, errno.ENOTTY, errno.ENOSYS, errno.EINVAL)
# a file system without O_TMPFILE says either (open(2))
_NO_TMPFILE = (errno.EOPNOTSUPP, errno.EISDIR)


def verify_reflink(directory: Path) -> None:
    """Checks up front that files in `directory` can be cloned, by cloning one.

    A directory that does not exist yet is judged by its nearest ancestor that does; a dangling
    symbolic link does not exist. The probe leaves nothing, whenever it ends.

    Raises:
      InfraError: naming the file system, the directory, and the ancestor that was probed.
    """
    probed = nearest_existing(directory)
    note = "" if probed == directory.absolute() else f" (it does not exist yet; probed {probed})"
    try:
        source = _nameless_file(probed)
        try:
            os.write(source, _PROBE)
            target = _nameless_file(probed)
            try:
                fcntl.ioctl(target, _FICLONE, source)
            finally:
                os.close(target)
        finally:
            os.close(source)
    except OSError as error:
        if error.errno not in _NO_REFLINK:
            raise explained(error, f"make a file{note} in", directory) from None
        raise InfraError(
            f"{directory}{note} is on {described(probed)}, where files cannot share blocks "
            f"(FICLONE: {error.strerror}); a btrfs, or an xfs made with reflink=1, is needed"
        ) from None


def clone_file(source: Path, directory: Path) -> int:
    """An open, writable file in `directory` that shares the blocks of `source` and has no name.

    It is gone when it is closed by the last process that holds it, however that ends; before that
    /proc/PID/fd/N names it.

    Returns:
      The file descriptor, which the caller closes.

    Raises:
      InfraError: naming both sides: they are on two file systems, or one without reflink; the disk
        is full; the source or the directory belongs to somebody else.
    """
    try:
        source_fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise explained(error, f"clone into {directory}:", source) from None
    try:
        target_fd = _nameless_file(directory)
        try:
            fcntl.ioctl(target_fd, _FICLONE, source_fd)
        except BaseException:
            os.close(target_fd)
            raise
        return target_fd
    except OSError as error:
        raise _clone_error(error, source, directory) from None
    finally:
        os.close(source_fd)


def _clone_error(error: OSError, source: Path, directory: Path) -> InfraError:
    if error.errno == errno.EXDEV:
        return InfraError(
            f"cannot clone {source} into {directory}: blocks are shared within one file system "
            f"only, and the first is on {filesystem_of(source)}, the second on "
            f"{described(directory)}"
        )
    if error.errno in _NO_REFLINK:
        return InfraError(
            f"cannot clone {source} into {directory}: {described(directory)} refuses to share "
            f"blocks (FICLONE: {error.strerror}); a btrfs, or an xfs made with reflink=1, is needed"
        )
    return explained(error, f"clone {source} into", directory)


def _nameless_file(directory: Path) -> int:
    """No name, so no moment at which SIGKILL could leave the file behind."""
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _NO_TMPFILE or not directory.is_dir():
            raise
        raise InfraError(
            f"{directory} is on {described(directory)}, which has no files without a name "
            f"(O_TMPFILE: {error.strerror}), and clones are such files; btrfs and xfs have them"
        ) from None
