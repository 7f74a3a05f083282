# SPDX-License-Identifier: Apache-2.0
"""A kernel's state by the names of its structs, out of any memory.

What is read may be anything: the guest may have corrupted it, or be in the middle of a change. So
a walk has an end that does not depend on what is walked, and a thing that cannot be read is a
fault of that thing alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.kernel.layout import Field
from ktstr.introspect.memory.memory import Memory, MemoryFault

# Longer lists than this are no lists of a guest of ours, and a page of them nobody reads.
LONGEST_WALK = 1 << 16
POINTER = 8
# Members that lie no further apart are read at once: a read costs more than the bytes between.
_SPAN = 1 << 14


@dataclass(frozen=True)
class Shape:
    """Members of a struct that are read together.

    fields: by their paths; those that this kernel does not have are left out.
    low, size: the bytes from the first of them to the last.
    """

    struct: str
    fields: dict[str, Field]
    low: int
    size: int


class View:
    """A kernel's memory, by types."""

    def __init__(self, kernel: Kernel, memory: Memory) -> None:
        self.kernel = kernel
        self.memory = memory
        self._offsets: tuple[int, ...] | None = None

    def u64(self, address: int) -> int:
        """Raises MemoryFault."""
        return int.from_bytes(self.memory.read(address, 8), "little")

    def u32(self, address: int) -> int:
        """Raises MemoryFault."""
        return int.from_bytes(self.memory.read(address, 4), "little")

    def number(self, address: int, struct: str, path: str) -> int:
        """One member of the struct at `address`.

        Raises:
          MemoryFault: it cannot be read.
          UnknownName: this kernel has no such member.
        """
        place = self.kernel.field(struct, path)
        return _alone(place, self.memory.read(address + place.offset, place.size))

    def text(self, address: int, size: int) -> str:
        """A string that ends with a zero or after `size` bytes, what is not printable escaped.

        Raises:
          MemoryFault: it cannot be read.
        """
        found = bytearray()
        while len(found) < size:
            # not beyond a page at once: the next one need not be there
            piece = min(size - len(found), 256, 4096 - (address + len(found)) % 4096)
            data = self.memory.read(address + len(found), piece)
            end = data.find(0)
            found += data if end < 0 else data[:end]
            if end >= 0:
                break
        return readable(bytes(found))

    def shape(self, struct: str, paths: Iterable[str]) -> Shape:
        """The members with these paths, as far as this kernel has them.

        Raises:
          UnknownName: it has none of them.
        """
        wanted = list(paths)
        known = {path: self.kernel.field(struct, path) for path in wanted if self.has(struct, path)}
        if not known:
            self.kernel.field(struct, wanted[0])
        low = min(each.offset for each in known.values())
        high = max(each.offset + each.size for each in known.values())
        return Shape(struct, known, low, high - low)

    def has(self, struct: str, path: str) -> bool:
        """Whether this kernel has that member."""
        return self.kernel.has_field(struct, path)

    def read(self, address: int, shape: Shape) -> dict[str, int]:
        """The members' values by their paths.

        Raises:
          MemoryFault: they cannot all be read.
        """
        if shape.size > _SPAN:
            return {
                path: _alone(place, self.memory.read(address + place.offset, place.size))
                for path, place in shape.fields.items()
            }
        data = self.memory.read(address + shape.low, shape.size)
        return {path: place.value(data, -shape.low) for path, place in shape.fields.items()}

    def per_cpu(self, symbol: str, cpu: int) -> int:
        """The address of a CPU's own instance of a per-CPU variable.

        Raises:
          MemoryFault: the kernel's table of offsets cannot be read.
          UnknownName: there is no such variable.
        """
        if self._offsets is None:
            count = max(1, len(self.kernel.symbol_range("__per_cpu_offset")) // 8)
            data = self.memory.read(self.kernel.symbol("__per_cpu_offset"), 8 * count)
            self._offsets = tuple(
                int.from_bytes(data[at : at + 8], "little") for at in range(0, 8 * count, 8)
            )
        if not 0 <= cpu < len(self._offsets):
            raise MemoryFault("find", cpu, POINTER, f"there are {len(self._offsets)} CPUs at most")
        return (self.kernel.symbol(symbol) + self._offsets[cpu]) & ((1 << 64) - 1)

    def bits(self, address: int, count: int) -> tuple[int, ...]:
        """Numbers of the bits that are set in a mask of `count` bits.

        Raises:
          MemoryFault: it cannot be read.
        """
        size = -(-count // 64) * 8
        mask = int.from_bytes(self.memory.read(address, size), "little") & ((1 << count) - 1)
        return tuple(i for i in range(count) if mask >> i & 1)

    def walk(self, head: int, most: int = LONGEST_WALK) -> Walk:
        """The nodes of a `struct list_head` list, without its head."""
        return Walk(self, head, most)

    def hlist(self, first: int, most: int = LONGEST_WALK) -> Walk:
        """The nodes of a list that ends with a null pointer or an odd one, from the first on."""
        return Walk(self, 0, most, first)


@dataclass
class Walk:
    """A list; after the walk `problem` says why it ended before its end, empty where it did not.

    Each node is given once: a list that leads back into its middle ends there.
    """

    view: View
    head: int
    most: int
    first: int = 0
    problem: str = ""
    _seen: set[int] = field(default_factory=set)

    def __iter__(self) -> Iterator[int]:
        at = self.head
        try:
            at = self.first or self.view.u64(self.head)
            while at != self.head and at and not at & 1:
                if at in self._seen:
                    self.problem = f"the list leads back to {at:#x}, which it came from"
                    return
                if len(self._seen) >= self.most:
                    self.problem = f"the list has more than {self.most} members"
                    return
                self._seen.add(at)
                yield at
                at = self.view.u64(at)
        except MemoryFault as fault:
            self.problem = f"the list ends at {at:#x}: {fault.reason}"


def _alone(place: Field, data: bytes) -> int:
    """A member's value in its own bytes."""
    return place.value(data, -place.offset)


def readable(data: bytes) -> str:
    """Text of a guest's, fit for a report: only printable characters, the others escaped."""
    text = data.decode("utf-8", errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
