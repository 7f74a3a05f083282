# SPDX-License-Identifier: Apache-2.0
"""Where results lie: files called result.pb in folders, and in the archives that Bazel packs.

A folder may be a mirror of an object store: how deep results lie in it does not matter.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import UsageError

RESULT = "result.pb"
ARCHIVE = "outputs.zip"
# Larger than any result; more is somebody's zip bomb, or no result.
_MOST_BYTES = 1 << 28
# What zipfile raises of archives that are damaged, encrypted, or of a kind that it does not know.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError, NotImplementedError
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A result: the file, or its archive and its name in there.

    cached: by Bazel, of old.  damage: why an archive tells of no names.
    """

    file: Path
    member: str = ""
    cached: bool = False
    damage: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.member}" if self.member else str(self.file)

    def content(self) -> bytes:
        """The bytes of the result.

        Raises:
            UsageError: they cannot be read.
        """
        if self.damage:
            raise UsageError(f"cannot read {self}: {self.damage}")
        try:
            if not self.member:
                return self.file.read_bytes()
            with zipfile.ZipFile(self.file) as archive:
                if archive.getinfo(self.member).file_size > _MOST_BYTES:
                    raise UsageError(f"{self} is too large for a result")
                return archive.read(self.member)
        except OSError as error:
            raise UsageError(f"cannot read {self}: {error.strerror}") from error
        except DAMAGE as error:
            raise UsageError(f"cannot read {self}: {error}") from error


def places_below(top: Path, *, cached: bool = False) -> Iterator[Place]:
    """Every result at or below `top`, a folder, a result.pb or an outputs.zip, in order.

    Raises:
        UsageError: there is nothing of that name.
    """
    if top.is_file():
        yield from _in_file(top, cached)
        return
    if not top.is_dir():
        raise UsageError(f"there is no {top}: name a folder with results, or build events")
    found = [*top.rglob(RESULT), *top.rglob(ARCHIVE)]
    for file in sorted(found):
        yield from _in_file(file, cached)


def digest_of(content: bytes) -> bytes:
    """What tells one result.pb from another."""
    return hashlib.sha256(content).digest()


def _in_file(file: Path, cached: bool) -> Iterator[Place]:
    if file.suffix != ".zip":
        yield Place(file, cached=cached)
        return
    try:
        with zipfile.ZipFile(file) as archive:
            names = sorted(archive.namelist())
    except (OSError, *DAMAGE) as error:
        # others are not to be lost with it
        yield Place(file, damage=str(error) or "it is damaged")
        return
    for name in names:
        if name.rpartition("/")[2] == RESULT:
            yield Place(file, name, cached)
