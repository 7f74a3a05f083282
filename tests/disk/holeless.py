# SPDX-License-Identifier: Apache-2.0
"""Runs a program whose kernel makes no holes in files, as on some FUSE mounts.

    holeless.py PROGRAM ARGUMENT...

A seccomp filter (Documentation/userspace-api/seccomp_filter.rst) answers for the kernel: fallocate
gives EOPNOTSUPP. x86-64 alone.
"""

import ctypes
import errno
import os
import struct
import sys

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_MODE_FILTER = 22, 38, 2
# linux/bpf_common.h: load a word of seccomp_data, compare it with a constant, return.
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
# The offset of the call's number in struct seccomp_data.
_NUMBER = 0
_FALLOCATE = 285

_FILTER = (
    (_LOAD, 0, 0, _NUMBER),
    (_EQUAL, 1, 0, _FALLOCATE),
    (_RETURN, 0, 0, _ALLOW),
    (_RETURN, 0, 0, _ERRNO | errno.EOPNOTSUPP),
)


def _install() -> None:
    """Puts the filter over this process and all that it starts.

    Raises:
      OSError: the kernel refuses.
    """
    code = b"".join(struct.pack("=HBBI", *each) for each in _FILTER)
    program = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: a length and a pointer.
    whole = struct.pack("@HP", len(_FILTER), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    one, nothing = ctypes.c_ulong(1), ctypes.c_ulong(0)
    calls = (
        (_PR_SET_NO_NEW_PRIVS, one, nothing, nothing, nothing),
        (_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), whole, nothing, nothing),
    )
    for words in calls:
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), f"prctl({words[0]})")


if __name__ == "__main__":
    _install()
    os.execv(sys.argv[1], sys.argv[1:])
