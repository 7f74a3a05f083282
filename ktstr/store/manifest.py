# SPDX-License-Identifier: Apache-2.0
"""manifest.json of an entry: what it consists of, written after all of it is on disk."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ktstr.model.errors import InfraError, UsageError
from ktstr.store.key import Key, parse_key

MANIFEST = "manifest.json"
# its modification time is when the entry was last used
USED = "used"
_VERSION = 1
_CHUNK = 1 << 20
_ZEROES = bytes(_CHUNK)


@dataclass(frozen=True)
class FileRecord:
    """A file of an entry.  mtime_ns: when it was last written.

    digest: SHA-256 of its length and of every MiB with its offset but for those that are all zero,
    so that the holes of a sparse file cost nothing.
    """

    size: int
    mtime_ns: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """An entry's files by name."""

    key: Key
    files: dict[str, FileRecord]


def seal(directory: Path, key: Key) -> Manifest:
    """Makes a directory of finished files an entry: read-only, on disk, and the manifest last.

    Raises:
      InfraError: there is no file, or something that is not a plain file.
      OSError: e.g. a full disk.
    """
    names = sorted(path.name for path in directory.iterdir())
    if not names:
        raise InfraError(f"nothing to publish as {key}: {directory} is empty")
    files = {name: _seal_file(directory / name) for name in names}
    manifest = Manifest(key, files)
    _write_durably(directory / USED, b"")
    _write_durably(directory / MANIFEST, _encode(manifest))
    sync_directory(directory)
    return manifest


def load(directory: Path, key: Key) -> Manifest | str:
    """The manifest of an entry, or why the entry must not be used.

    Compares what costs nothing: names, sizes and times; `damage` compares contents.

    Raises:
      OSError: the entry cannot be looked at, so nothing is known about it.
    """
    path = directory / MANIFEST
    try:
        manifest = _decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return f"{MANIFEST} is missing"
    except (ValueError, TypeError, KeyError, AttributeError, UsageError):
        return f"{MANIFEST} is damaged"
    if manifest.key != key:
        return f"{MANIFEST} is that of {manifest.key}"
    for name, record in manifest.files.items():
        try:
            found = os.stat(directory / name, follow_symlinks=False)
        except FileNotFoundError:
            return f"{name} is missing"
        if not stat.S_ISREG(found.st_mode):
            return f"{name} is no file"
        if found.st_size != record.size:
            return f"{name} has {found.st_size} bytes instead of {record.size}"
        if found.st_mtime_ns != record.mtime_ns:
            return f"{name} was written to after it was published"
    return manifest


def damage(directory: Path, manifest: Manifest) -> str:
    """Which file's content is not what was published; empty if all are.

    Raises:
      OSError: a file cannot be read.
    """
    for name, record in manifest.files.items():
        if _digest(directory / name) != record.digest:
            return f"the content of {name} has changed"
    return ""


def sync_directory(directory: Path) -> None:
    """Has the names in `directory` survive a crash of the machine.

    Raises:
      OSError: of open(2) or fsync(2).
    """
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _seal_file(path: Path) -> FileRecord:
    if path.name in (MANIFEST, USED):
        raise InfraError(f"{path} cannot be published: the store keeps a file of that name itself")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise InfraError(f"{path} cannot be published: it is no plain file")
    path.chmod(0o444)
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
        found = os.fstat(fd)
    finally:
        os.close(fd)
    return FileRecord(found.st_size, found.st_mtime_ns, _digest(path))


def _digest(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        summary = hashlib.sha256(f"{size}\n".encode())
        offset = 0
        # Where holes begin is the file system's choice, so whole chunks count, unless all zero.
        while offset < size:
            try:
                start = os.lseek(file.fileno(), offset, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # nothing but a hole is left
                    break
                raise
            offset = start - start % _CHUNK
            chunk = os.pread(file.fileno(), _CHUNK, offset)
            if chunk != _ZEROES[: len(chunk)]:
                summary.update(f"{offset} {len(chunk)}\n".encode())
                summary.update(chunk)
            offset += _CHUNK
    return summary.hexdigest()


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _encode(manifest: Manifest) -> bytes:
    body = {
        "version": _VERSION,
        "key": str(manifest.key),
        "files": {name: asdict(record) for name, record in manifest.files.items()},
    }
    return json.dumps({"body": body, "check": _check(body)}, indent=1, sort_keys=True).encode()


def _decode(content: bytes) -> Manifest:
    outer = json.loads(content)
    body = outer["body"]
    if outer["check"] != _check(body) or body["version"] != _VERSION:
        raise ValueError("checksum or version")
    files = {name: FileRecord(**record) for name, record in body["files"].items()}
    return Manifest(parse_key(body["key"]), files)


def _check(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
