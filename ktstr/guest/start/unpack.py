# SPDX-License-Identifier: Apache-2.0
"""Unpacks the layer of a test, a newc archive, as the kernel unpacks an initramfs.

The format is that of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst; the
layer is one that ktstr/initramfs/newc.py wrote, with parents before what lies in them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator

from ktstr.model.errors import InfraError

# path, mode, bytes
Entry = tuple[bytes, int, bytes]

_MAGIC = b"070701"
_HEADER = 110
_TRAILER = b"TRAILER!!!"
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def unpack(entries: Iterable[Entry], root: bytes = b"/") -> None:
    """Writes directories, files and symbolic links, as `entries_of` gives them, below `root`.

    What is there already is replaced, but for directories, which stay as they are.  It does with
    few system calls what it can: in a clone each is the first of its kind, which QEMU translates.

    Raises:
        InfraError: something else is among them, or they cannot be written; the message says what.
    """
    mask = os.umask(0)
    try:
        for path, mode, data in entries:
            _write(os.path.join(root, path), mode, data)
    except OSError as error:
        raise InfraError(f"cannot unpack the test's layer: {error}") from error
    finally:
        os.umask(mask)


def _write(where: bytes, mode: int, data: bytes) -> None:
    kind = stat.S_IFMT(mode)
    if kind not in _WRITERS:
        raise InfraError(
            f"cannot unpack the test's layer: {os.fsdecode(where)} is no directory, file or "
            f"symbolic link, but of mode {mode:#o}"
        )
    try:
        _WRITERS[kind](where, stat.S_IMODE(mode), data)
    except FileExistsError:
        if kind != stat.S_IFDIR or not os.path.isdir(where):
            os.unlink(where)
            _WRITERS[kind](where, stat.S_IMODE(mode), data)


def _write_file(where: bytes, mode: int, data: bytes) -> None:
    file = os.open(where, _CREATE, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
    finally:
        os.close(file)


_WRITERS: dict[int, Callable[[bytes, int, bytes], None]] = {
    stat.S_IFDIR: lambda where, mode, _: os.mkdir(where, mode),
    stat.S_IFREG: _write_file,
    stat.S_IFLNK: lambda where, _, target: os.symlink(target, where),
}


def entries_of(archive: bytes) -> Iterator[Entry]:
    """Each entry of a layer; what follows the last one's trailer must be padding.

    Raises:
        InfraError: the archive is damaged; the message says where.
    """
    at, closed = 0, False
    while at < len(archive):
        if closed and archive[at] == 0:
            at += 1
            continue
        name, mode, data, at = _entry(archive, at)
        closed = name == _TRAILER
        if not closed:
            yield name, mode, data
    if not closed:
        raise InfraError(f"the test's layer ends at byte {at} without its trailer")


def _entry(archive: bytes, start: int) -> tuple[bytes, int, bytes, int]:
    header = archive[start : start + _HEADER]
    try:
        if len(header) < _HEADER or not header.startswith(_MAGIC):
            raise ValueError
        fields = [int(header[i : i + 8], 16) for i in range(len(_MAGIC), _HEADER, 8)]
    except ValueError:
        raise InfraError(f"the test's layer is damaged: no newc header at byte {start}") from None
    mode, size, name_size = fields[1], fields[6], fields[11]
    name_end = start + _HEADER + name_size
    data_start = name_end + -name_end % 4
    data_end = data_start + size
    if not name_size or data_end > len(archive):
        raise InfraError(f"the test's layer is cut short: its entry at byte {start} runs past it")
    name = archive[start + _HEADER : name_end - 1]
    return name, mode, archive[data_start:data_end], data_end + -data_end % 4
