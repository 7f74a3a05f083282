# SPDX-License-Identifier: Apache-2.0
"""Why the kernel would not execute a program: execve's errno says little, the file more."""

from __future__ import annotations

import errno
import os
import struct

_SCRIPT = b"#!"
_ELF = b"\x7fELF"
_LONGEST_LINE = 256  # BINPRM_BUF_SIZE of include/uapi/linux/binfmts.h
# ELF64, gABI chapter 4 and 5: e_phoff, e_phentsize, e_phnum; p_type, p_offset, p_filesz
_HEADER = struct.Struct("<32xQ14xHH")
_SEGMENT = struct.Struct("<I4xQ16xQ")
_PT_INTERP = 3
_MOST_SEGMENTS = 128
_DEPTH = 4  # an interpreter may be a script itself; the kernel follows that many, too
_REMEDY = "put it into the `files` of the payload rule"


def explain_refusal(program: str, number: int) -> str:
    """What stands against executing `program`, where execve failed with errno `number`."""
    reason = f"cannot execute {program}: {os.strerror(number)}"
    if number == errno.ENOENT:
        return f"{reason}: {_missing(program, _DEPTH)}"
    if number == errno.ENOEXEC:
        return (
            f"{reason}: it is neither an ELF program of this machine nor a script whose first "
            f"line begins with #!; see the `binary` of the payload rule"
        )
    if number in (errno.EACCES, errno.EISDIR):
        return f"{reason}: {_forbidden(program, _DEPTH)}"
    if number == errno.E2BIG:
        return f"{reason}: give fewer or shorter arguments, or put them into a file"
    return reason


def is_authors(number: int) -> bool:
    """Whether the errno speaks of the program and its arguments, not of the machine."""
    return number in (
        errno.ENOENT,
        errno.ENOEXEC,
        errno.EACCES,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.ELOOP,
        errno.E2BIG,
    )


def _missing(program: str, depth: int) -> str:
    if not os.path.lexists(program):
        return f"the guest has no {program}; {_REMEDY}, or mend the payload's program"
    if not os.path.exists(program):
        target = os.path.realpath(program)
        return f"{program} is a link to {target}, which the guest does not have; {_REMEDY}"
    what, needed = _needs(program)
    if not needed:
        return f"{program} is there, and so seems all it needs; was it made only now?"
    if os.path.exists(needed) and depth:
        return _missing(needed, depth - 1)
    return f"{program} is there; it is {what} {needed!r}, which the guest does not have; {_REMEDY}"


def _forbidden(program: str, depth: int) -> str:
    if os.path.isdir(program):
        return f"{program} is a directory"
    if not os.access(program, os.X_OK):
        return f"{program} is not executable; its mode is {os.stat(program).st_mode & 0o7777:04o}"
    _, needed = _needs(program)
    if needed and depth:
        return _forbidden(needed, depth - 1)
    return "it lies on a file system mounted noexec, or in a directory that may not be searched"


def _needs(program: str) -> tuple[str, str]:
    """What else the kernel opens to execute a file, and how the file names it; or two blanks."""
    try:
        with open(program, "rb") as file:
            first = file.read(_LONGEST_LINE)
            if first.startswith(_SCRIPT):
                line = first[len(_SCRIPT) :].partition(b"\n")[0].replace(b"\t", b" ").strip(b" ")
                # a carriage return stays: the kernel takes it for a part of the name, too
                return "a script for the interpreter", os.fsdecode(line.partition(b" ")[0])
            if first.startswith(_ELF):
                return "a program for the ELF loader", _loader(file.fileno(), first)
    except (OSError, struct.error):
        pass
    return "", ""


def _loader(descriptor: int, header: bytes) -> str:
    offset, size, count = _HEADER.unpack_from(header)
    for index in range(min(count, _MOST_SEGMENTS)):
        segment = os.pread(descriptor, _SEGMENT.size, offset + index * size)
        kind, where, length = _SEGMENT.unpack(segment)
        if kind == _PT_INTERP:
            return os.fsdecode(os.pread(descriptor, min(length, 4096), where).rstrip(b"\0"))
    return ""
