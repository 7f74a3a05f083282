# SPDX-License-Identifier: Apache-2.0
"""What file system a path is on, and errors of the system in terms of it."""

from __future__ import annotations

import ctypes
import errno
import os
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import InfraError

# f_type of statfs(2): include/uapi/linux/magic.h, and the file systems' own headers
_NAMES = {
    0x9123683E: "btrfs",
    0x58465342: "xfs",
    0xEF53: "ext2, ext3 or ext4",
    0x01021994: "tmpfs",
    0x858458F6: "ramfs",
    0x794C7630: "overlayfs",
    0x6969: "nfs",
    0xFF534D42: "cifs",
    0xFE534D42: "smb2",
    0x2FC12FC1: "zfs",
    0xCA451A4E: "bcachefs",
    0xF2F52010: "f2fs",
    0x65735546: "fuse",
    0x01021997: "9p",
    0x73717368: "squashfs",
    0x4D44: "vfat",
    0x9FA0: "proc",
    0x62656572: "sysfs",
    0x7461636F: "ocfs2",
}


class _Statfs(ctypes.Structure):
    # struct statfs of include/uapi/asm-generic/statfs.h on 64-bit machines
    _fields_ = (
        ("f_type", ctypes.c_long),
        ("f_bsize", ctypes.c_long),
        ("f_blocks", ctypes.c_ulong),
        ("f_bfree", ctypes.c_ulong),
        ("f_bavail", ctypes.c_ulong),
        ("f_files", ctypes.c_ulong),
        ("f_ffree", ctypes.c_ulong),
        ("f_fsid", ctypes.c_uint * 2),
        ("f_namelen", ctypes.c_long),
        ("f_frsize", ctypes.c_long),
        ("f_flags", ctypes.c_long),
        ("f_spare", ctypes.c_long * 4),
    )


_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Filesystem:
    """A mounted file system.  magic: its f_type.  fsid: its f_fsid, 16 hex digits, which differs
    between two btrfs subvolumes, too.  free_bytes: what this user may still write."""

    magic: int
    fsid: str
    free_bytes: int

    def __str__(self) -> str:
        return f"{_NAMES.get(self.magic, 'unknown')} (f_type {self.magic:#x}, fsid {self.fsid})"

    def same(self, other: Filesystem) -> bool:
        """Whether both are one, so that renames and clones between them can work."""
        return (self.magic, self.fsid) == (other.magic, other.fsid)


def filesystem_of(path: Path) -> Filesystem:
    """The file system that `path` is on.

    Raises:
      OSError: of statfs(2).
    """
    found = _Statfs()
    if _LIBC.statfs(os.fsencode(path), ctypes.byref(found)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))
    low, high = found.f_fsid
    magic = found.f_type & 0xFFFFFFFF
    return Filesystem(magic, f"{low:08x}{high:08x}", found.f_bavail * found.f_frsize)


def nearest_existing(path: Path) -> Path:
    """`path` or its nearest ancestor that exists; a dangling symbolic link does not."""
    path = path.absolute()
    # Path.exists raises where a directory may not be searched
    while not os.path.exists(path):
        path = path.parent
    return path


def described(path: Path) -> str:
    """The file system that `path`, or the nearest ancestor that exists, is on; for messages."""
    try:
        return str(filesystem_of(nearest_existing(path)))
    except OSError as error:
        return f"a file system that cannot be asked ({error.strerror})"


def explained(error: OSError, doing: str, path: Path) -> InfraError:
    """`error`, met while `doing` something with `path`, with what can be done about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "the quota is used up" if error.errno == errno.EDQUOT else "there is no space left"
        return InfraError(
            f"cannot {doing} {path}: {reason} on {described(path)}{_free(path)}; free some, or "
            f"clean the store (tools/bazel run //:ktstr -- clean --limit=1GiB)"
        )
    if error.errno == errno.EROFS:
        return InfraError(
            f"cannot {doing} {path}: {described(path)} is mounted read-only here; in Bazel's "
            f"sandbox, allow writing with --sandbox_writable_path={nearest_existing(path)}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return InfraError(f"cannot {doing} {path}: {error.strerror}; {_whose(path)}")
    if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP):
        return InfraError(
            f"cannot {doing} {path}: {described(path)} does not support it ({error.strerror})"
        )
    return InfraError(f"cannot {doing} {path}: {error.strerror or error}")


def _free(path: Path) -> str:
    try:
        return f", {filesystem_of(nearest_existing(path)).free_bytes >> 20} MiB free"
    except OSError:
        return ""


def _whose(path: Path) -> str:
    nearest = nearest_existing(path)
    try:
        owner = nearest.stat().st_uid
    except OSError:
        return f"this is user {os.geteuid()}"
    return f"{nearest} belongs to user {owner}, this is user {os.geteuid()}"
