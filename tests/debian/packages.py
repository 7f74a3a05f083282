# SPDX-License-Identifier: Apache-2.0
"""Makes small Debian packages for tests."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Programs are set-uid, which nobody who unpacks them should keep.
_MODE_PLAIN, _MODE_PROGRAM = 0o644, 0o4755


@dataclass(frozen=True)
class File:
    """A regular file of a package."""

    data: bytes = b""
    program: bool = False


@dataclass(frozen=True)
class Link:
    """A symbolic link, or a hard link to another name in the same package."""

    target: str
    hard: bool = False


@dataclass(frozen=True)
class Pipe:
    """A named pipe: nothing that a package should hold."""


def write_package(path: Path, entries: Mapping[str, File | Link | Pipe | None]) -> Path:
    """Writes a package with the given tree; None stands for a directory. Returns `path`."""
    path.write_bytes(archive({"debian-binary": b"2.0\n", "data.tar.xz": data_tar(entries)}))
    return path


def data_tar(entries: Mapping[str, File | Link | Pipe | None]) -> bytes:
    """The data member of a package, compressed with xz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as tar:
        for name, entry in entries.items():
            info, data = tarfile.TarInfo("./" + name), b""
            match entry:
                case None:
                    info.type, info.mode = tarfile.DIRTYPE, _MODE_PROGRAM
                case File():
                    info.mode = _MODE_PROGRAM if entry.program else _MODE_PLAIN
                    data = entry.data
                case Link():
                    info.type = tarfile.LNKTYPE if entry.hard else tarfile.SYMTYPE
                    info.linkname = entry.target
                case Pipe():
                    info.type = tarfile.FIFOTYPE
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def archive(members: Mapping[str, bytes]) -> bytes:
    """An ar archive."""
    parts = [b"!<arch>\n"]
    for name, data in members.items():
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{0o100644:<8o}{len(data):<10}`\n"
        parts += [header.encode("ascii"), data, b"\n" * (len(data) % 2)]
    return b"".join(parts)
