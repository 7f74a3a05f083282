# SPDX-License-Identifier: Apache-2.0
"""Unpacks layers, newc archives one after another, as the kernel unpacks an initramfs.

The format is that of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst, what
is done with it that of its init/initramfs.c: what comes later replaces what came before, entries of
one inode are one file, and directories that are there get the later one's mode.
"""

from __future__ import annotations

import binascii
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ktstr.model.errors import InfraError

_MAGIC = b"070701"
_HEADER = 110
# inode, mode, uid, gid, links, mtime, size, device, device of the node, bytes of the name, checksum
_FIELDS = struct.Struct(">13I")
_TRAILER = b"TRAILER!!!"
# A layer's end is padded to a multiple of it.
_ALIGNMENT = 512
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_NODES = (stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)


class Entry(NamedTuple):
    """node: device number.  inode: what names of one file share, with the layer; None: has one."""

    name: bytes
    mode: int
    data: memoryview | bytes
    node: int = 0
    inode: tuple[int, ...] | None = None


def unpack(entries: Iterable[Entry], root: bytes = b"/") -> None:
    """Writes what `entries_of` gives below `root`.

    It does with few system calls what it can: in a clone each is the first of its kind, which QEMU
    translates.  Owners are root, and times are now.

    Raises:
        InfraError: something else is among them, or they cannot be written; the message says what.
    """
    mask = os.umask(0)
    files: dict[tuple[int, ...], bytes] = {}
    try:
        for entry in entries:
            where = os.path.join(root, entry.name)
            if entry.inode is None:
                _replace(where, entry)
                continue
            first = files.setdefault(entry.inode, where)
            if first is where:
                _replace(where, entry)
            else:
                _link(first, where, entry.data)
    except OSError as error:
        raise InfraError(f"cannot unpack a layer: {error}") from error
    finally:
        os.umask(mask)


def _replace(where: bytes, entry: Entry) -> None:
    try:
        _write(where, entry)
    except FileExistsError:
        if not stat.S_ISDIR(entry.mode) or not stat.S_ISDIR(os.lstat(where).st_mode):
            _remove(where)
            _write(where, entry)
            return
        os.chmod(where, stat.S_IMODE(entry.mode))


def _remove(where: bytes) -> None:
    if stat.S_ISDIR(os.lstat(where).st_mode):
        os.rmdir(where)
    else:
        os.unlink(where)


def _write(where: bytes, entry: Entry) -> None:
    kind, mode = stat.S_IFMT(entry.mode), stat.S_IMODE(entry.mode)
    if kind == stat.S_IFREG:
        _write_data(os.open(where, _CREATE, mode), entry.data)
    elif kind == stat.S_IFDIR:
        os.mkdir(where, mode)
    elif kind == stat.S_IFLNK:
        os.symlink(bytes(entry.data), where)
    elif kind in _NODES:
        os.mknod(where, entry.mode, entry.node)
    else:
        raise InfraError(
            f"cannot unpack a layer: {os.fsdecode(where)} is nothing that an initramfs may hold, "
            f"but of mode {entry.mode:#o}"
        )


def _link(first: bytes, where: bytes, data: memoryview | bytes) -> None:
    """One more name of a file; whichever of the names comes with bytes brings the file's."""
    try:
        os.link(first, where)
    except FileExistsError:
        _remove(where)
        os.link(first, where)
    if data:
        _write_data(os.open(where, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC), data)


def _write_data(file: int, data: memoryview | bytes) -> None:
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
    finally:
        os.close(file)


def entries_of(archive: memoryview | bytes) -> Iterator[Entry]:
    """Each entry of one layer or several; what follows a trailer must be a layer, or padding.

    Data are views of `archive`, so that nothing is copied.

    Raises:
        InfraError: the archive is damaged; the message says where.
    """
    archive = memoryview(archive)
    at, layer, closed = 0, 0, False
    while at < len(archive):
        if closed and archive[at] == 0:
            padding = bytes(archive[at : at + _ALIGNMENT])
            at += len(padding) - len(padding.lstrip(b"\0"))
            continue
        entry, at = _entry(archive, at, layer)
        closed = entry.name == _TRAILER
        if closed:
            layer += 1
        else:
            yield entry
    if not closed:
        raise InfraError(f"a layer ends at byte {at} without its trailer")


def _entry(archive: memoryview, start: int, layer: int) -> tuple[Entry, int]:
    header = bytes(archive[start : start + _HEADER])
    try:
        if not header.startswith(_MAGIC):
            raise ValueError
        fields = _FIELDS.unpack(binascii.unhexlify(header[len(_MAGIC) :]))
    except (ValueError, struct.error):
        raise InfraError(f"a layer is damaged: no newc header at byte {start}") from None
    inode, mode, _, _, links, _, size, major, minor, node_major, node_minor, name_size, _ = fields
    name_end = start + _HEADER + name_size
    data_start = name_end + -name_end % 4
    data_end = data_start + size
    if not name_size or data_end > len(archive):
        raise InfraError(f"a layer is cut short: its entry at byte {start} runs past it")
    # as the kernel's (init/initramfs.c of Linux 6.12), which makes each name a link of its own
    lone = stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
    shared = (layer, major, minor, inode) if links > 1 and not lone else None
    entry = Entry(
        bytes(archive[start + _HEADER : name_end - 1]),
        mode,
        archive[data_start:data_end],
        os.makedev(node_major, node_minor),
        shared,
    )
    return entry, data_end + -data_end % 4
