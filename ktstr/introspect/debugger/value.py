# SPDX-License-Identifier: Apache-2.0
"""Bytes with a type of BTF: looked into as C does, rendered as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ktstr.introspect.kernel.btf import COMPOUND, ENUMS, Btf, BtfType, Kind, Member
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.kernel.layout import (
    Place,
    field_of,
    member_names,
    place_of,
    steps_of,
)
from ktstr.introspect.memory.memory import Memory
from ktstr.model.nearest import did_you_mean

# what is rendered of one value at most: a corrupt type may tell of any number
_DEEPEST = 16
_MOST = 4096
_INDENT = "    "


@dataclass(frozen=True)
class Value:
    """What lies at `address`, of type `type` of `btf`.

    A member of it (`value.name`, `value[2]`, `value.at("a[2].b")`) is an int where it is a number,
    a pointer or an enum, a bool where it is one, text where it is an array of char; else a Value.

    Members that are called as something here (`data`, `type`) are had by `value["data"]`.
    """

    btf: Btf
    type: int
    data: bytes
    address: int = 0

    def __getattr__(self, name: str) -> Any:
        """Raises UnknownName where the type has no such member."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self.at(name)

    def __getitem__(self, index: int | str) -> Any:
        """An array's element, or a member by its path. Raises UnknownName where there is none."""
        return self.at(index if isinstance(index, str) else f"[{index}]")

    def at(self, path: str) -> Any:
        """Whatever is at a path as C has it.

        Raises:
          UnknownName: the type has no such member.
          BtfError: the types contradict themselves, or the bytes end before.
        """
        return simple(self._inside(self.place(path)))

    def place(self, path: str) -> Place:
        """Where the member at a path lies. Raises as `at` does."""
        steps = steps_in(path)
        place = place_of(self.btf, self.type, steps) if steps else None
        if place is None:
            found = self.btf.resolve(self.type)
            near = did_you_mean(path, member_names(self.btf, found))
            name = found.name or found.kind.name.lower()
            raise UnknownName(path, f"{name} has no member {path!r}{near}")
        return place

    def write(self, memory: Memory, path: str, number: int) -> None:
        """Puts a number into the guest, at a path in this value; empty: at the value itself.

        Bits beside a bit field stay as they are in the guest at that moment.

        Raises:
          UnknownName: there is no such member, or it is no number.
          MemoryFault: the guest's memory cannot be written there.
        """
        place = self.place(path) if path else Place(self.type)
        found = self.btf.resolve(place.type)
        if found.kind not in {Kind.INT, Kind.PTR, *ENUMS}:
            raise UnknownName(
                path, f"{path or found.name!r} is no number: {found.kind.name.lower()}"
            )
        field = field_of(self.btf, place)
        bits = field.bit_size or 8 * field.size
        if not -(1 << (bits - 1)) <= number < 1 << bits:
            raise UnknownName(path, f"{number} does not fit into the {bits} bits of {path!r}")
        at = self.address + field.offset
        whole = number & ((1 << bits) - 1)
        if field.bit_size:
            mask = ((1 << bits) - 1) << field.bit_offset
            old = int.from_bytes(memory.read(at, field.size), "little")
            whole = old & ~mask | whole << field.bit_offset
        memory.write(at, whole.to_bytes(field.size, "little"))

    def json(self) -> Any:
        """As dicts, lists, numbers and text; what is deeper or more than anybody reads is `...`."""
        return _Renderer().json(self)

    def text(self) -> str:
        """As lines `name: value`, members of members indented."""
        return "\n".join(_lines(self.json(), ""))

    def _inside(self, place: Place) -> Value | int:
        """The part at a place; a bit field as its number."""
        if place.bit_size:
            return field_of(self.btf, place).value(self.data)
        start = place.bits // 8
        size = self.btf.size(place.type)
        if start + size > len(self.data):
            raise BtfError(f"a member at {start} of {size} bytes: only {len(self.data)} are there")
        return Value(self.btf, place.type, self.data[start : start + size], self.address + start)


def simple(value: Value | int) -> Any:
    """A number, bool or text where the value is one; else the value itself."""
    if isinstance(value, int):
        return value
    found = value.btf.resolve(value.type)
    if found.kind is Kind.INT:
        number = field_of(value.btf, Place(value.type)).value(value.data)
        return bool(number) if found.boolean else number
    if found.kind is Kind.PTR or found.kind in ENUMS:
        return field_of(value.btf, Place(value.type)).value(value.data)
    return _characters(value, found) or value if found.kind is Kind.ARRAY else value


def _characters(value: Value, array: BtfType) -> str | None:
    """The text in an array of char; None where it is something else."""
    element = value.btf.resolve(array.target)
    if element.kind is not Kind.INT or element.name not in ("char", "signed char"):
        return None
    text, _, rest = value.data.partition(b"\0")
    if rest.strip(b"\0") or not text.isascii() or not text.decode("ascii").isprintable():
        return None
    return text.decode("ascii")


class _Renderer:
    """Renders so many parts at most."""

    def __init__(self) -> None:
        self._left = _MOST

    def json(self, value: Value | int, depth: int = 0) -> Any:
        """Raises BtfError where the types contradict themselves."""
        self._left -= 1
        if isinstance(value, int):
            return value
        if self._left < 0 or depth > _DEEPEST:
            return "..."
        found = value.btf.resolve(value.type)
        if found.kind in COMPOUND:
            return self._compound(value, found, depth)
        if found.kind is Kind.DATASEC:
            return {name: self.json(part, depth + 1) for name, part in variables(value)}
        if found.kind is Kind.ARRAY:
            return self._array(value, found, depth)
        if found.kind in ENUMS:
            number = simple(value)
            names = [label for label, known in found.values if known == number]
            return names[0] if names else number
        if found.kind is Kind.PTR:
            return f"{simple(value):#x}"
        return simple(value) if found.kind is Kind.INT else value.data.hex()

    def _compound(self, value: Value, found: BtfType, depth: int) -> dict[str, Any]:
        """Members of anonymous members are its own."""
        result: dict[str, Any] = {}
        for member in found.members:
            if self._left < 0:
                result["..."] = "..."
                break
            part = value._inside(Place(member.type, member.bit_offset, member.bit_size))
            rendered = self.json(part, depth + 1)
            if member.name:
                result[member.name] = rendered
            elif isinstance(rendered, dict):
                result |= rendered
        return result

    def _array(self, value: Value, found: BtfType, depth: int) -> Any:
        characters = _characters(value, found)
        if characters is not None:
            return characters
        size = value.btf.size(found.target)
        result: list[Any] = []
        for index in range(found.count if size else 0):
            if self._left < 0:
                result.append("...")
                break
            part = value._inside(Place(found.target, 8 * size * index))
            result.append(self.json(part, depth + 1))
        return result


def variables(section: Value) -> Iterator[tuple[str, Value]]:
    """Variables of a section (.bss, .data, .rodata) with their names.

    Raises:
      BtfError: the section's type contradicts itself.
    """
    for member in section.btf.resolve(section.type).members:
        variable = section.btf.type(member.type)
        if variable.kind is Kind.VAR:
            yield variable.name, _variable(section, member, variable)


def variable(section: Value, name: str) -> Value | None:
    """One variable of a section; None where it has none of this name."""
    for member in section.btf.resolve(section.type).members:
        found = section.btf.type(member.type)
        if found.kind is Kind.VAR and found.name == name:
            return _variable(section, member, found)
    return None


def _variable(section: Value, member: Member, of: BtfType) -> Value:
    start = member.bit_offset // 8
    # what a variable has beyond its type is a flexible array's; what the map lacks, is not there
    data = section.data[start : start + max(member.size, section.btf.size(of.target))]
    return Value(section.btf, of.target, data, section.address + start)


def steps_in(path: str) -> list[str | int]:
    """`a[2].b` as [`a`, 2, `b`], also of an array's `[2].b`; empty for what is no path."""
    if path.startswith("["):
        return (steps_of(f"_{path}") or [])[1:]
    return steps_of(path) or []


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        pairs = [(f"{name}:", part) for name, part in value.items()]
    elif isinstance(value, list):
        pairs = [(f"[{index}]:", part) for index, part in enumerate(value)]
    else:
        yield f"{indent}{json.dumps(value) if isinstance(value, str) else value}"
        return
    for name, part in pairs:
        if isinstance(part, (dict, list)) and part:
            yield f"{indent}{name}"
            yield from _lines(part, indent + _INDENT)
        else:
            yield f"{indent}{name} {_word(part)}"


def _word(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    return str(value)
