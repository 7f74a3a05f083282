# SPDX-License-Identifier: Apache-2.0
"""A deterministic writer and reader of the "newc" cpio format, which Linux unpacks as initramfs.

The format is that of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst: a
110-byte ASCII header per entry (magic 070701 and thirteen 8-digit hexadecimal fields), the name
with its NUL, the data, each padded to four bytes, and an entry named TRAILER!!! at the end.

A *layer* is one such archive padded to 512 bytes, so that layers concatenate by plain concatenation
of files; where two layers hold the same file, the kernel keeps the later one.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ktstr.model.errors import UsageError

_MAGIC = b"070701"
_HEADER_SIZE = 110
_TRAILER = "TRAILER!!!"
_LAYER_ALIGNMENT = 512
# PATH_MAX of include/uapi/linux/limits.h; init/initramfs.c drops longer names without a word.
_NAME_MAX = 4095
_FIELD_MAX = 0xFFFFFFFF


class NewcError(UsageError):
    """An entry that no archive can hold, or an archive that is not well-formed."""


@dataclass(frozen=True)
class Entry:
    """One file, directory, symbolic link or device of an archive.

    Attributes:
      path: name inside the guest, relative to its root ("usr/bin/env"), without "." or "..".
      mode: st_mode: type and permission bits.
      content: the bytes of a file (or the file on the host that holds them), the target of a
        symbolic link; empty for everything else.
      rdev: major and minor number of a device.
      source: where the entry came from, for messages only.
    """

    path: str
    mode: int
    content: bytes | Path = b""
    rdev: tuple[int, int] = (0, 0)
    source: str = field(default="", compare=False)

    def data(self) -> bytes:
        """The entry's bytes, read from the host's file where `content` names one."""
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content


def file(path: str, content: bytes | Path, *, mode: int = 0o644, source: str = "") -> Entry:
    """A regular file; `content` is its bytes or the host file to copy."""
    origin = source or (str(content) if isinstance(content, Path) else "")
    return Entry(path, stat.S_IFREG | mode, content, source=origin)


def directory(path: str, *, mode: int = 0o755, source: str = "") -> Entry:
    """A directory. Missing parents of any entry are made by the writer, as 0755."""
    return Entry(path, stat.S_IFDIR | mode, source=source)


def symlink(path: str, target: str, *, source: str = "") -> Entry:
    """A symbolic link to `target`, which is not checked: it may lie in another layer."""
    return Entry(path, stat.S_IFLNK | 0o777, os.fsencode(target), source=source)


def char_device(path: str, major: int, minor: int, *, mode: int = 0o600, source: str = "") -> Entry:
    """A character device node."""
    return Entry(path, stat.S_IFCHR | mode, rdev=(major, minor), source=source)


def write_layer(entries: Iterable[Entry], out: BinaryIO) -> int:
    """Writes one layer and returns its size in bytes, a multiple of 512.

    The result depends on nothing but the entries: they are sorted, owned by root, dated to the
    epoch and numbered in order; missing parent directories are added.

    Raises:
      NewcError: a path that is absolute, empty, too long or has "." or ".." in it, two entries of
        one path (both sources named), a file below something that is no directory, a file of 4 GiB
        or more.
    """
    ordered = _with_parents(entries)
    size = 0
    for inode, entry in enumerate(ordered, start=1):
        size += _write_entry(out, entry, inode)
    size += _write_entry(out, Entry(_TRAILER, 0), 0)
    padding = -size % _LAYER_ALIGNMENT
    out.write(bytes(padding))
    return size + padding


def read_layers(archive: bytes) -> Iterator[Entry]:
    """Yields the entries of one or more concatenated layers in their order, trailers left out.

    Raises:
      NewcError: the archive is cut short or damaged; the message names the offset.
    """
    offset = 0
    closed = True
    while offset < len(archive):
        if closed and archive[offset] == 0:
            offset += 1
            continue
        entry, offset = _read_entry(archive, offset)
        closed = entry.path == _TRAILER
        if not closed:
            yield entry
    if not closed:
        raise NewcError(f"cpio archive ends at offset {offset} without a {_TRAILER} entry")


def concatenate(layers: Iterable[Path], out: BinaryIO) -> None:
    """Appends whole layers to `out`, in order; the later one wins where both hold a file.

    Raises:
      NewcError: a file's size is no multiple of 4, so that it cannot be a layer.
    """
    for layer in layers:
        size = layer.stat().st_size
        if size == 0 or size % 4:
            raise NewcError(
                f"{layer}: {size} bytes is no cpio layer; expected a newc archive padded to "
                f"{_LAYER_ALIGNMENT} bytes, as tools/initramfs writes them"
            )
        with layer.open("rb") as source:
            shutil.copyfileobj(source, out, 1 << 20)


def _with_parents(entries: Iterable[Entry]) -> list[Entry]:
    """Checks the entries, adds missing parents, and sorts so that parents come first."""
    by_path: dict[str, Entry] = {}
    for entry in entries:
        _check_path(entry)
        other = by_path.setdefault(entry.path, entry)
        if other is not entry:
            if _is_same_directory(other, entry):
                continue
            raise NewcError(
                f"two entries for {entry.path!r} in one layer: {_describe(other)} and "
                f"{_describe(entry)}; remove one, or put them in different layers"
            )
    for path in list(by_path):
        for parent in _parents(path):
            above = by_path.setdefault(parent, directory(parent))
            if not stat.S_ISDIR(above.mode):
                raise NewcError(
                    f"{path!r} ({_describe(by_path[path])}) lies below {parent!r}, which is no "
                    f"directory: {_describe(above)}"
                )
    return [by_path[path] for path in sorted(by_path, key=lambda path: path.split("/"))]


def _is_same_directory(one: Entry, other: Entry) -> bool:
    return stat.S_ISDIR(one.mode) and one.mode == other.mode


def _describe(entry: Entry) -> str:
    if entry.source:
        return entry.source
    kinds = {stat.S_IFDIR: "directory", stat.S_IFLNK: "symbolic link", stat.S_IFREG: "file"}
    return f"a {kinds.get(stat.S_IFMT(entry.mode), 'device')} without a named source"


def _parents(path: str) -> Iterator[str]:
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


def _check_path(entry: Entry) -> None:
    path = entry.path
    problem = ""
    if path.startswith("/"):
        problem = "is absolute; guest paths in a layer are relative to the guest's root"
    elif not path or any(part in ("", ".", "..") for part in path.split("/")):
        problem = 'has an empty, "." or ".." component'
    elif "\0" in path:
        problem = "contains a NUL byte"
    elif len(os.fsencode(path)) > _NAME_MAX:
        problem = f"is longer than {_NAME_MAX} bytes"
    elif path == _TRAILER:
        problem = "is the name that ends a cpio archive"
    if problem:
        origin = f" (from {entry.source})" if entry.source else ""
        shown = path if len(path) <= 80 else path[:77] + "..."
        raise NewcError(f"guest path {shown!r}{origin} {problem}")


def _write_entry(out: BinaryIO, entry: Entry, inode: int) -> int:
    name = os.fsencode(entry.path) + b"\0"
    length = _content_length(entry)
    fields = (
        inode,
        entry.mode,
        0,  # uid
        0,  # gid
        2 if stat.S_ISDIR(entry.mode) else 1,  # nlink: files never take part in hard links
        0,  # mtime
        length,
        0,  # major of the device the entry lies on
        0,
        *entry.rdev,
        len(name),
        0,  # checksum, unused by newc
    )
    header = _MAGIC + b"".join(b"%08x" % value for value in fields)
    out.write(header + name + bytes(-(_HEADER_SIZE + len(name)) % 4))
    if isinstance(entry.content, Path):
        with entry.content.open("rb") as source:
            shutil.copyfileobj(source, out, 1 << 20)
    else:
        out.write(entry.content)
    out.write(bytes(-length % 4))
    total = _HEADER_SIZE + len(name)
    return total + -total % 4 + length + -length % 4


def _content_length(entry: Entry) -> int:
    content = entry.content
    length = content.stat().st_size if isinstance(content, Path) else len(content)
    if length > _FIELD_MAX:
        raise NewcError(
            f"{entry.path!r} ({_describe(entry)}) has {length} bytes; newc ends at 4 GiB"
        )
    return length


def _read_entry(archive: bytes, start: int) -> tuple[Entry, int]:
    header = archive[start : start + _HEADER_SIZE]
    if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
        raise NewcError(f"no newc header at offset {start}: {header[:6]!r}")
    try:
        values = [int(header[at : at + 8], 16) for at in range(len(_MAGIC), _HEADER_SIZE, 8)]
    except ValueError:
        raise NewcError(f"header at offset {start} holds a field that is not hexadecimal") from None
    mode, length, major, minor, name_size = values[1], values[6], values[9], values[10], values[11]
    name_end = start + _HEADER_SIZE + name_size
    data_start = name_end + -(name_end - start) % 4
    data_end = data_start + length
    if name_size == 0 or data_end > len(archive):
        raise NewcError(f"entry at offset {start} runs past the end of the archive")
    path = os.fsdecode(archive[start + _HEADER_SIZE : name_end - 1])
    entry = Entry(path, mode, archive[data_start:data_end], rdev=(major, minor))
    return entry, data_end + -length % 4
