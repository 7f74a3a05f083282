# SPDX-License-Identifier: Apache-2.0
"""Where a member lies in a struct, by a path as C has it: `se.avg.load_avg`, `dsq[2].nr`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktstr.introspect.kernel.btf import COMPOUND, ENUMS, Btf, BtfType, Kind, Member
from ktstr.introspect.kernel.errors import BtfError

_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d{1,9})\]")
# anonymous members inside each other; the kernel's own go 4 deep
_DEEPEST = 32
# structs looked into for one name: corrupt types may fan out without an end
_MOST = 10_000


@dataclass(frozen=True)
class Field:
    """Where a member is, for one who holds the bytes of its struct.

    offset, size: in bytes; those of its storage for a bit field.
    bit_offset, bit_size: of a bit field in its storage, which is little-endian; else 0.
    """

    offset: int
    size: int
    signed: bool = False
    bit_offset: int = 0
    bit_size: int = 0

    def value(self, data: bytes | memoryview, at: int = 0) -> int:
        """The number that `data` has here; its struct begins at `at`.

        Raises:
          BtfError: the bytes end before.
        """
        raw = bytes(data[at + self.offset : at + self.offset + self.size])
        if len(raw) < self.size:
            raise BtfError(
                f"a field at {self.offset} of {self.size} bytes: only {len(raw)} are there"
            )
        number = int.from_bytes(raw, "little")
        bits = 8 * self.size
        if self.bit_size:
            bits = self.bit_size
            number = number >> self.bit_offset & ((1 << bits) - 1)
        return number - (1 << bits) if self.signed and number >> (bits - 1) & 1 else number


@dataclass(frozen=True)
class Place:
    """A member's type, and its place in bits from the start; bit_size: of a bit field, else 0."""

    type: int
    bits: int = 0
    bit_size: int = 0


def steps_of(path: str) -> list[str | int] | None:
    """`a[2].b` as [`a`, 2, `b`]; None for what is no path."""
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or (not at) != (path[at] not in ".["):
            return None
        name, number = found.groups()
        steps.append(name if name is not None else int(number))
        at = found.end()
    return steps or None


def place_of(btf: Btf, struct: int, steps: list[str | int]) -> Place | None:
    """Follows a path from the type `struct`; None where a step leads nowhere.

    Raises:
      BtfError: the types contradict themselves.
    """
    place = Place(struct)
    for step in steps:
        found = btf.resolve(place.type)
        if isinstance(step, int):
            # a flexible array says 0: how many there are, only its user knows
            if found.kind is not Kind.ARRAY or (found.count and step >= found.count):
                return None
            place = Place(found.target, place.bits + 8 * step * btf.size(found.target))
        else:
            member = find_member(btf, found, step)
            if member is None:
                return None
            place = Place(member.type, place.bits + member.bit_offset, member.bit_size)
    return place


def find_member(btf: Btf, struct: BtfType, name: str) -> Member | None:
    """A member by its name, anonymous ones searched through; offsets are from `struct`.

    Raises:
      BtfError: anonymous members go too deep, or are too many.
    """
    level = [(struct, 0)]
    looked = 0
    for _ in range(_DEEPEST):
        inner = []
        for holder, base in level:
            if holder.kind not in COMPOUND:
                continue
            for member in holder.members:
                if member.name == name:
                    at = base + member.bit_offset
                    return Member(name, member.type, at, member.bit_size)
                if not member.name and not member.bit_size:
                    inner.append((btf.resolve(member.type), base + member.bit_offset))
            looked += 1
            if looked + len(inner) > _MOST:
                raise BtfError(f"BTF: type {struct.number}: too many anonymous members")
        if not inner:
            return None
        level = inner
    raise BtfError(f"BTF: type {struct.number}: anonymous members that contain each other")


def member_names(btf: Btf, struct: BtfType) -> list[str]:
    """Of all members that can be asked for, those of anonymous ones among them."""
    names, level = [], [struct]
    for _ in range(_DEEPEST):
        members = [member for holder in level for member in holder.members][:_MOST]
        names += [member.name for member in members if member.name]
        level = [btf.resolve(m.type) for m in members if not m.name and not m.bit_size]
        if not level:
            break
    return names


def field_of(btf: Btf, place: Place) -> Field:
    """A place as bytes to read.

    A bit field gets its type's own unit where it fits into one, else the bytes that it touches.
    """
    found = btf.resolve(place.type)
    size = btf.size(place.type)
    bits = place.bit_size or (found.bits if found.kind is Kind.INT else 0)
    signed = found.signed and (found.kind is Kind.INT or found.kind in ENUMS)
    if not bits or (bits == 8 * size and place.bits % 8 == 0):
        return Field(place.bits // 8, size, signed)
    unit = 8 * size
    start = place.bits // unit * unit if unit else place.bits
    if not unit or place.bits + bits > start + unit:
        start = place.bits // 8 * 8
        size = -(-(place.bits - start + bits) // 8)
    return Field(start // 8, size, signed, place.bits - start, bits)
