# SPDX-License-Identifier: Apache-2.0
"""mount, umount and statfs, which Python's standard library does not have."""

from __future__ import annotations

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)

MS_RDONLY = 1
MNT_DETACH = 2


class _Statfs(ctypes.Structure):
    # struct statfs of include/uapi/asm-generic/statfs.h on a 64-bit machine: f_type, then more
    _fields_ = (("f_type", ctypes.c_long), ("rest", ctypes.c_long * 31))


def mount(device: str, where: str, filesystem: str, flags: int, options: str) -> None:
    """mount(2).

    Raises:
        OSError: the kernel refused.
    """
    texts = (os.fsencode(device), os.fsencode(where), filesystem.encode())
    _checked(_LIBC.mount(*texts, ctypes.c_ulong(flags), options.encode()), where)


def unmount(where: str, flags: int = 0) -> None:
    """umount2(2).

    Raises:
        OSError: the kernel refused, e.g. because a file of it is open.
    """
    _checked(_LIBC.umount2(os.fsencode(where), flags), where)


def magic_of(where: str) -> int:
    """statfs(2)'s f_type of the file system that `where` lies on.

    Raises:
        OSError: the kernel refused.
    """
    status = _Statfs()
    _checked(_LIBC.statfs(os.fsencode(where), ctypes.byref(status)), where)
    return int(status.f_type) & 0xFFFFFFFF


def _checked(result: int, where: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), where)
