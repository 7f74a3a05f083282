# SPDX-License-Identifier: Apache-2.0
"""A guest's memory as it was kept in a file: an ELF core, read back.

The file may be damaged, or somebody else's: each number in it is checked before it is used.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from ktstr.introspect.memory import core
from ktstr.introspect.memory.core import CoreHead
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.model.errors import UsageError

_MOST_NOTE_BYTES = 1 << 24


class NoCore(UsageError):
    """A file that is no core of an x86-64 guest, or a damaged one."""


class RecordedMemory:
    """Physical memory in a core; what is written to it stays in this object."""

    def __init__(self, path: Path) -> None:
        """Opens the file, which stays open for as long as this is used.

        Raises:
          NoCore: it cannot be read, or is none.
        """
        try:
            with path.open("rb") as file:
                self._image = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError) as error:
            raise NoCore(f"cannot open the core {path}: {error}") from None
        try:
            self.extents, self._places, self.head = _parsed(self._image)
        except (struct.error, _Damaged) as error:
            self._image.close()
            raise NoCore(f"{path} is no core of a guest, or damaged: {error}") from None
        self._starts = [start for start, _ in self.extents]

    def close(self) -> None:
        """Gives the file back."""
        self._image.close()

    def read(self, physical: int, size: int) -> bytes:
        """Bytes of RAM.

        Raises:
          MemoryFault: not all of them were kept.
        """
        parts = [self._image[at : at + count] for at, count in self._runs("read", physical, size)]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, physical: int, data: bytes) -> None:
        """Changes what later reads give; the file stays as it is.

        Raises:
          MemoryFault: not all of it was kept.
        """
        done = 0
        for at, count in list(self._runs("write", physical, len(data))):
            self._image[at : at + count] = data[done : done + count]
            done += count

    def _runs(self, what: str, physical: int, size: int) -> Iterator[tuple[int, int]]:
        """Place in the file and length of each piece."""
        if size < 0:
            raise MemoryFault(f"{what} physical", physical, size, "less than nothing")
        at, left = physical, size
        while left:
            index = bisect_right(self._starts, at) - 1
            start, length = self.extents[index] if index >= 0 else (0, 0)
            if not start <= at < start + length:
                raise MemoryFault(f"{what} physical", physical, size, f"{at:#x} was not kept")
            count = min(left, start + length - at)
            yield self._places[index] + at - start, count
            at, left = at + count, left - count


class _Damaged(ValueError):
    pass


def _parsed(image: mmap.mmap) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...], CoreHead]:
    ident, kind, machine, _, _, table, *_, size, count, _, _, _ = core.EHDR.unpack_from(image)
    if ident[:6] != core.IDENT[:6] or kind != core.ET_CORE or machine != core.EM_X86_64:
        raise _Damaged("its head is none of an x86-64 core")
    if size != core.PHDR.size or table + size * count > len(image):
        raise _Damaged(f"a table of {count} parts of {size} bytes at {table:#x}")
    loads, notes, direct = [], b"", 0
    for i in range(count):
        what, _, at, virtual, physical, length, _, _ = core.PHDR.unpack_from(
            image, table + i * size
        )
        if at + length > len(image):
            raise _Damaged(f"part {i} ends at {at + length:#x}, the file at {len(image):#x}")
        if what == core.PT_LOAD and length:
            loads.append((physical, length, at))
            direct = virtual - physical
        elif what == core.PT_NOTE:
            notes = image[at : at + min(length, _MOST_NOTE_BYTES)]
    loads.sort()
    for (start, length, _), (following, _, _) in itertools.pairwise(loads):
        if start + length > following:
            raise _Damaged(f"two parts have the RAM at {following:#x}")
    extents = tuple((start, length) for start, length, _ in loads)
    return extents, tuple(place for _, _, place in loads), _head(notes, direct & ((1 << 64) - 1))


def _head(notes: bytes, direct_map: int) -> CoreHead:
    registers, vmcoreinfo, others = [], b"", {}
    for name, kind, description in _notes(notes):
        if name == core.CORE and kind == core.NT_PRSTATUS:
            registers.append(core.registers_of(description))
        elif name == core.VMCOREINFO:
            vmcoreinfo = description
        else:
            others[name] = description
    return CoreHead(tuple(registers), vmcoreinfo, direct_map, others)


def _notes(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    at = 0
    while at + core.NHDR.size <= len(data):
        name_size, size, kind = core.NHDR.unpack_from(data, at)
        at += core.NHDR.size
        described = at + name_size + -name_size % 4
        if described + size > len(data):
            raise _Damaged(f"a note of {size} bytes where {len(data) - at} are left")
        yield (
            data[at : at + name_size].rstrip(b"\0").decode(errors="replace"),
            kind,
            data[described : described + size],
        )
        at = described + size + -size % 4
