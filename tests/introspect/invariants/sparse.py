# SPDX-License-Identifier: Apache-2.0
"""A kernel's memory made by hand: pages of zeros where something was put."""

from __future__ import annotations

from ktstr.introspect.memory.memory import MemoryFault

_PAGE = 4096


class SparseMemory:
    """Pages by their numbers; those that nobody made cannot be read."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def make(self, address: int, size: int) -> None:
        """Makes all pages that hold some of these bytes."""
        for number in range(address // _PAGE, (address + size - 1) // _PAGE + 1):
            self._pages.setdefault(number, bytearray(_PAGE))

    def read(self, address: int, size: int) -> bytes:
        return b"".join(bytes(page[at : at + n]) for page, at, n in self._parts(address, size))

    def write(self, address: int, data: bytes) -> None:
        done = 0
        for page, at, count in self._parts(address, len(data)):
            page[at : at + count] = data[done : done + count]
            done += count

    def _parts(self, address: int, size: int) -> list[tuple[bytearray, int, int]]:
        parts, at = [], address
        while at < address + size:
            page = self._pages.get(at // _PAGE)
            if page is None:
                raise MemoryFault("read", address, size, "nobody made it")
            count = min(address + size - at, _PAGE - at % _PAGE)
            parts.append((page, at % _PAGE, count))
            at += count
        return parts
