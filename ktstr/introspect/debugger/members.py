# SPDX-License-Identifier: Apache-2.0
"""A value's bytes out of the numbers in it."""

from __future__ import annotations

from collections.abc import Sequence

from ktstr.introspect.kernel.btf import ENUMS, Btf, Kind
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.layout import Field, Place, field_of

# parts of one value that are looked at, and its bytes; corrupt types may tell of any number
_MOST, _LARGEST = 4096, 1 << 20


def bytes_of(btf: Btf, of: int, numbers: Sequence[int]) -> bytes:
    """What is of that type and has these numbers, in the order of their places; zeros between.

    Raises:
      UnknownName: it has another number of them, one does not fit, or there is more than numbers.
      BtfError: the types contradict themselves.
    """
    fields, size = _fields(btf, of), btf.size(of)
    if len(fields) != len(numbers):
        names = ", ".join(name or "itself" for name, _ in fields)
        raise UnknownName("", f"has {len(fields)} numbers, not {len(numbers)}: {names}")
    if size > _LARGEST:
        raise UnknownName("", f"has {size} bytes")
    whole = bytearray(size)
    for (name, field), number in zip(fields, numbers, strict=True):
        bits = field.bit_size or 8 * field.size
        if not -(1 << (bits - 1)) <= number < 1 << bits:
            raise UnknownName(name, f"has {bits} bits for {name or 'itself'}, too few for {number}")
        there = slice(field.offset, field.offset + field.size)
        old = int.from_bytes(whole[there], "little")
        mask = ((1 << bits) - 1) << field.bit_offset
        new = old & ~mask | (number << field.bit_offset & mask)
        whole[there] = new.to_bytes(field.size, "little")
    return bytes(whole)


def _fields(btf: Btf, of: int) -> list[tuple[str, Field]]:
    """All numbers in a type, with their paths."""
    fields: list[tuple[str, Field]] = []
    # the next one last
    ahead = [("", Place(of))]
    for _ in range(_MOST):
        if not ahead:
            return fields
        name, place = ahead.pop()
        found = btf.resolve(place.type)
        if found.kind in {Kind.INT, Kind.PTR, *ENUMS}:
            fields.append((name, field_of(btf, place)))
        elif found.kind is Kind.STRUCT:
            for member in reversed(found.members):
                at = Place(member.type, place.bits + member.bit_offset, member.bit_size)
                dot = "." if name and member.name else ""
                ahead.append((f"{name}{dot}{member.name}", at))
        elif found.kind is Kind.ARRAY and found.count <= _MOST:
            bits = 8 * btf.size(found.target)
            for index in reversed(range(found.count)):
                ahead.append((f"{name}[{index}]", Place(found.target, place.bits + bits * index)))
        else:
            raise UnknownName(name, f"is more than numbers at {name or 'itself'}: give bytes")
    raise UnknownName("", f"has more than {_MOST} parts: give bytes")
