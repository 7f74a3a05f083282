# SPDX-License-Identifier: Apache-2.0
"""Where a process has mapped a file, by its /proc/PID/maps (proc_pid_maps(5))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class FileId:
    """A file by the numbers of stat(2); overlay file systems show another device in maps."""

    device: int
    inode: int


@dataclass(frozen=True)
class Mapping:
    """One line: bytes [start, end) of the process are those of a file from `offset` on."""

    start: int
    end: int
    offset: int
    file: FileId

    @property
    def size(self) -> int:
        """Bytes that are mapped."""
        return self.end - self.start


def mappings(text: str) -> Iterator[Mapping]:
    """The lines of a maps file that are of files; what cannot be understood is left out."""
    for line in text.splitlines():
        words = line.split(maxsplit=5)
        if len(words) < 5 or words[4] == "0":
            continue
        start, _, end = words[0].partition("-")
        major, _, minor = words[3].partition(":")
        try:
            file = FileId(int(major, 16) << 20 | int(minor, 16), int(words[4]))
            yield Mapping(int(start, 16), int(end, 16), int(words[2], 16), file)
        except ValueError:
            continue


def place_of(found: list[Mapping], file: FileId, size: int) -> int | None:
    """Address of the first byte of a file that is mapped whole, in one piece or in several.

    The device decides only between files of the same inode number: where it differs for all, as on
    an overlay, the number alone has to do.
    """
    same = [each for each in found if each.file.inode == file.inode]
    exact = [each for each in same if each.file.device == file.device]
    for candidates in (exact, same):
        for first in candidates:
            if first.offset == 0 and _covers(candidates, first, size):
                return first.start
    return None


def _covers(candidates: list[Mapping], first: Mapping, size: int) -> bool:
    """Whether pieces follow `first` until `size` bytes are mapped, with nothing between them."""
    by_start = {each.start: each for each in candidates if each.file == first.file}
    have, at = first.size, first.end
    while have < size:
        following = by_start.get(at)
        if following is None or following.offset != have or following.size <= 0:
            return False
        have, at = have + following.size, following.end
    return True
