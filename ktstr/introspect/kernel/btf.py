# SPDX-License-Identifier: Apache-2.0
"""BTF, the kernel's format of type information (Documentation/bpf/btf.rst, Linux 6.12 to 7.2).

A type is found by its number; what it consists of is read when it is asked for, since a kernel has
some 60,000 and a question needs a handful.  Nothing here trusts the bytes: a number outside of the
types, a name outside of the strings, a chain without an end are `BtfError`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ktstr.introspect.kernel.errors import BtfError

_MAGIC = 0xEB9F
_HEADER = struct.Struct("<HBBIIIII")
_HEAD = struct.Struct("<III")
# of a type's second word: how many members (16 bits up to 7.1, and the others 0), and the kind
_COUNT, _KIND = 0xFF_FFFF, 0x7F
# the longest chain of modifiers and typedefs that is followed; the kernel's own have up to 8
_DEEPEST = 64
# BTF_MAX_NAME_OFFSET of include/uapi/linux/btf.h would be 16 MiB; a name itself is short
_LONGEST_NAME = 4096


class Kind(IntEnum):
    """BTF_KIND_*."""

    VOID = 0
    INT = 1
    PTR = 2
    ARRAY = 3
    STRUCT = 4
    UNION = 5
    ENUM = 6
    FWD = 7
    TYPEDEF = 8
    VOLATILE = 9
    CONST = 10
    RESTRICT = 11
    FUNC = 12
    FUNC_PROTO = 13
    VAR = 14
    DATASEC = 15
    FLOAT = 16
    DECL_TAG = 17
    TYPE_TAG = 18
    ENUM64 = 19


# bytes behind the head of a type: once, and for each of its members
_ONCE = {Kind.INT: 4, Kind.ARRAY: 12, Kind.VAR: 4, Kind.DECL_TAG: 4}
_EACH = {
    Kind.STRUCT: 12,
    Kind.UNION: 12,
    Kind.ENUM: 8,
    Kind.FUNC_PROTO: 8,
    Kind.DATASEC: 12,
    Kind.ENUM64: 12,
}
# kinds whose third word is a size and not another type's number
_SIZED = {
    Kind.INT,
    Kind.STRUCT,
    Kind.UNION,
    Kind.ENUM,
    Kind.ENUM64,
    Kind.FLOAT,
    Kind.DATASEC,
}
MODIFIERS = {Kind.VOLATILE, Kind.CONST, Kind.RESTRICT, Kind.TYPE_TAG}
_TRANSPARENT = MODIFIERS | {Kind.TYPEDEF}
COMPOUND = {Kind.STRUCT, Kind.UNION}
ENUMS = {Kind.ENUM, Kind.ENUM64}


@dataclass(frozen=True)
class Member:
    """A member of a struct or union, a parameter of a function, or a variable of a section.

    bit_offset: from the start, in bits.  bit_size: of a bit field; 0 for all else.
    size: in bytes, of a section's variable; 0 for all else.
    """

    name: str
    type: int
    bit_offset: int = 0
    bit_size: int = 0
    size: int = 0


@dataclass(frozen=True)
class BtfType:
    """One type.  Which fields say something, goes by `kind`; the others are 0 or empty.

    size: in bytes.  target: the number of the type that it points to, modifies, names, holds
    (ARRAY) or returns.  count: of an array.  values: of an enum.  bits: of an INT whose storage has
    more.  flag: kind_flag, of a FWD that it is a union.
    """

    number: int
    kind: Kind
    name: str = ""
    size: int = 0
    target: int = 0
    members: tuple[Member, ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    count: int = 0
    bits: int = 0
    signed: bool = False
    boolean: bool = False
    flag: bool = False


_VOID = BtfType(0, Kind.VOID, "void")


class Btf:
    """Types by number.

    data: the section's bytes.  offsets: of each type from the first one's start, by number less 1,
    where somebody has counted them before; left out: they are counted now.

    Raises:
      BtfError: it is no BTF, or cut short.
    """

    def __init__(self, data: bytes | memoryview, offsets: Sequence[int] | None = None) -> None:
        self._data = memoryview(data)
        if len(self._data) < _HEADER.size:
            raise BtfError(f"BTF: {len(self._data)} bytes are less than its header has")
        magic, version, _, length, type_at, type_size, text_at, text_size = _HEADER.unpack_from(
            self._data
        )
        if magic != _MAGIC or version != 1:
            raise BtfError(
                f"BTF: begins with {magic:#x}, version {version}; not with {_MAGIC:#x}, 1"
            )
        if max(length + type_at + type_size, length + text_at + text_size) > len(self._data):
            raise BtfError(f"BTF: cut short: its header tells of more than {len(self._data)} bytes")
        self._types = self._data[length + type_at : length + type_at + type_size]
        self._text = bytes(self._data[length + text_at : length + text_at + text_size])
        self.offsets = self._count() if offsets is None else offsets
        self._known: dict[int, BtfType] = {0: _VOID}

    def __len__(self) -> int:
        """How many types there are, void among them."""
        return len(self.offsets) + 1

    def type(self, number: int) -> BtfType:
        """Raises BtfError for a number that no type has, or a type that lies outside."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._read(number)
        return found

    def head(self, number: int) -> tuple[Kind, str]:
        """Kind and name of a type, without what it consists of."""
        name, info, _ = self._head(number)
        return _kind(info), self._name(name)

    def resolve(self, number: int) -> BtfType:
        """The type behind typedefs and modifiers.

        Raises:
          BtfError: the chain of them has no end.
        """
        for _ in range(_DEEPEST):
            found = self.type(number)
            if found.kind not in _TRANSPARENT:
                return found
            number = found.target
        raise BtfError(f"BTF: type {number}: more than {_DEEPEST} names for one type; a circle")

    def size(self, number: int) -> int:
        """In bytes; 0 of what has none (void, functions, what is only declared).

        Raises:
          BtfError: an array of itself, or larger than an address space.
        """
        total = 1
        for _ in range(_DEEPEST):
            found = self.resolve(number)
            if found.kind is Kind.PTR:
                return total * 8
            if found.kind is not Kind.ARRAY:
                return total * found.size if found.kind in _SIZED else 0
            total *= found.count
            if total >= 1 << 63:
                break
            number = found.target
        raise BtfError(f"BTF: type {number}: an array that contains itself, or exceeds all memory")

    def numbers(self) -> Iterator[int]:
        """Of all types but void."""
        return iter(range(1, len(self)))

    def _count(self) -> list[int]:
        types, at = self._types, 0
        offsets: list[int] = []
        while at < len(types):
            if at + _HEAD.size > len(types):
                raise BtfError(f"BTF: type {len(offsets) + 1} is cut short")
            _, info, _ = _HEAD.unpack_from(types, at)
            offsets.append(at)
            kind = _kind(info)
            at += _HEAD.size + _ONCE.get(kind, 0) + (info & _COUNT) * _EACH.get(kind, 0)
        if at != len(types):
            raise BtfError(f"BTF: type {len(offsets)} is cut short")
        return offsets

    def _head(self, number: int) -> tuple[int, int, int]:
        if not 0 < number < len(self):
            raise BtfError(f"BTF: there is no type {number}; the last one is {len(self) - 1}")
        at = self.offsets[number - 1]
        if at + _HEAD.size > len(self._types):
            raise BtfError(f"BTF: type {number} lies outside of the types")
        name, info, third = _HEAD.unpack_from(self._types, at)
        return name, info, third

    def _read(self, number: int) -> BtfType:
        name, info, third = self._head(number)
        kind, count, flag = _kind(info), info & _COUNT, bool(info >> 31)
        at = self.offsets[number - 1] + _HEAD.size
        rest = self._types[at : at + _ONCE.get(kind, 0) + count * _EACH.get(kind, 0)]
        if len(rest) < _ONCE.get(kind, 0) + count * _EACH.get(kind, 0):
            raise BtfError(f"BTF: type {number} is cut short")
        text = self._name(name)
        if kind is Kind.INT:
            (word,) = struct.unpack("<I", rest)
            coding = word >> 24 & 15  # BTF_INT_SIGNED 1, BTF_INT_CHAR 2, BTF_INT_BOOL 4
            return BtfType(
                number,
                kind,
                text,
                size=third,
                bits=word & 0xFF,
                signed=bool(coding & 1),
                boolean=bool(coding & 4),
            )
        if kind is Kind.ARRAY:
            element, _, length = struct.unpack("<III", rest)
            return BtfType(number, kind, text, target=element, count=length)
        return BtfType(
            number,
            kind,
            text,
            size=third if kind in _SIZED else 0,
            target=0 if kind in _SIZED else third,
            members=self._members(kind, flag, rest),
            values=self._values(kind, flag, rest),
            signed=flag and kind in ENUMS,
            flag=flag,
        )

    def _members(self, kind: Kind, flag: bool, rest: memoryview) -> tuple[Member, ...]:
        if kind in COMPOUND:
            return tuple(
                Member(self._name(name), of, at & 0xFFFFFF, at >> 24)
                if flag
                else Member(self._name(name), of, at)
                for name, of, at in struct.iter_unpack("<III", rest)
            )
        if kind is Kind.DATASEC:
            return tuple(
                Member("", of, 8 * at, size=size)
                for of, at, size in struct.iter_unpack("<III", rest)
            )
        if kind is Kind.FUNC_PROTO:
            return tuple(
                Member(self._name(name), of) for name, of in struct.iter_unpack("<II", rest)
            )
        return ()

    def _values(self, kind: Kind, flag: bool, rest: memoryview) -> tuple[tuple[str, int], ...]:
        if kind is Kind.ENUM:
            form = "<Ii" if flag else "<II"
            return tuple(
                (self._name(name), value) for name, value in struct.iter_unpack(form, rest)
            )
        if kind is Kind.ENUM64:
            words = struct.iter_unpack("<IIi" if flag else "<III", rest)
            return tuple((self._name(name), high << 32 | low) for name, low, high in words)
        return ()

    def _name(self, at: int) -> str:
        if not at:
            return ""
        end = self._text.find(b"\0", at, at + _LONGEST_NAME)
        if end < 0:
            raise BtfError(
                f"BTF: a name at {at} lies outside of the {len(self._text)} bytes of text"
            )
        return self._text[at:end].decode("utf-8", "replace")


def _kind(info: int) -> Kind:
    number = info >> 24 & _KIND
    try:
        return Kind(number)
    except ValueError as error:
        raise BtfError(f"BTF: kind {number} is none of those up to Linux 7.2") from error
