# SPDX-License-Identifier: Apache-2.0
"""Where the RAM of our machines lies among the guest's physical addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# QEMU's hw/i386/pc_q35.c (10.0, 11.1): RAM of 2816 MiB and more is split at 2 GiB, and what is
# beyond that goes on at 4 GiB. Less is not split.
_SPLIT_FROM = 0xB000_0000
_BELOW_4G = 0x8000_0000
_ABOVE = 1 << 32


@dataclass(frozen=True)
class Extent:
    """Bytes of RAM that lie together.

    Attributes:
      physical: the guest's address of the first.
      file: which of the machine's files of memory they are in: the node's number.
      offset: where in that file.
      size: how many bytes.
    """

    physical: int
    file: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """The guest's address behind the last byte."""
        return self.physical + self.size


def extents(node_bytes: Sequence[int]) -> tuple[Extent, ...]:
    """The RAM of a q35 machine whose nodes have so many bytes, by physical address.

    QEMU puts the nodes one behind the other, and splits that.
    """
    total = sum(node_bytes)
    below = _BELOW_4G if total >= _SPLIT_FROM else total
    found = []
    at = 0
    for file, size in enumerate(node_bytes):
        low = max(0, min(size, below - at))
        if low:
            found.append(Extent(at, file, 0, low))
        if size > low:
            found.append(Extent(_ABOVE + at + low - below, file, low, size - low))
        at += size
    return tuple(found)


def within(extents: Iterable[Extent], physical: int) -> Extent | None:
    """The extent that has this address."""
    for extent in extents:
        if extent.physical <= physical < extent.end:
            return extent
    return None
