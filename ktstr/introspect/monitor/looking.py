# SPDX-License-Identifier: Apache-2.0
"""What to read in one kernel for a sample, and the numbers in what was read.

Neighbours in a struct are read at once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.parts import Number, Part
from ktstr.introspect.monitor.quantities import (
    BY_NAME,
    EVENT_PREFIX,
    QUANTITIES,
    Base,
    Of,
    Place,
    Quantity,
    event,
)
from ktstr.introspect.monitor.series import Lack
from ktstr.introspect.plugin.watch import ABSOLUTE, EACH_CPU, POINTED_CPU, Read

# what lies further apart is read by itself
_GAP = 32
_FORMATS = {(1, False): "B", (2, False): "H", (4, False): "I", (8, False): "Q"}
_FORMATS |= {(size, True): letter.lower() for (size, _), letter in _FORMATS.items()}
_BASES = {
    Base.RUNQUEUE: EACH_CPU,
    Base.SYMBOL: ABSOLUTE,
    Base.OF_EACH_CPU: EACH_CPU,
    Base.POINTED_OF_EACH_CPU: POINTED_CPU,
}


@dataclass(frozen=True)
class Looking:
    """The reads of a sample, and the quantities that this kernel has not."""

    parts: tuple[Part, ...]
    lacks: tuple[Lack, ...]


@dataclass(frozen=True)
class _Found:
    """A number in a kernel: the base and offsets before its own, and its own."""

    base: str
    offsets: tuple[int, ...]
    offset: int
    letters: str
    number: Number

    @property
    def end(self) -> int:
        return self.offset + struct.calcsize(f"<{self.letters}")


def looking(kernel: Kernel) -> Looking:
    """What to read in `kernel`."""
    found: list[_Found] = []
    lacks: list[Lack] = []
    for quantity in (*QUANTITIES, *_events(kernel)):
        places = list(_places(kernel, quantity))
        found += places
        if not places and not quantity.hidden:
            lacks.append(Lack(quantity.name, _missing(kernel, quantity)))
    return Looking(tuple(_parts(found)), tuple(lacks))


def _events(kernel: Kernel) -> Iterator[Quantity]:
    """What sched_ext of this kernel counts that is among no quantities."""
    for stats in kernel.compounds("scx_event_stats")[:1]:
        for member in stats.members:
            if member.name.startswith(EVENT_PREFIX) and member.name not in BY_NAME:
                yield event(member.name)


def _places(kernel: Kernel, quantity: Quantity) -> Iterator[_Found]:
    """Of a domain's quantity all levels, of another the first place that the kernel knows."""
    for level, place in enumerate(quantity.places):
        of_level = level if quantity.of is Of.DOMAIN else None
        number = Number(quantity.name, of_level, summed=quantity.of is Of.MACHINE)
        found = _found(kernel, place, number)
        if found is not None:
            yield found
            if quantity.of is not Of.DOMAIN:
                return


def _found(kernel: Kernel, place: Place, number: Number) -> _Found | None:
    symbol = place.symbol or "runqueues"
    if not kernel.has_symbol(symbol):
        return None
    offsets, size, signed = [kernel.symbol(symbol)], place.size, False
    for follows, (name, path) in enumerate(place.chain):
        if name and not kernel.has_field(name, path):
            return None
        offset = 0
        if name:
            field = kernel.field(name, path)
            offset, size, signed = field.offset, field.size, field.signed
        if follows:
            offsets.append(offset)
        else:
            offsets[0] += offset
    letters = _FORMATS[size, signed] * place.terms
    return _Found(_BASES[place.base], tuple(offsets[:-1]), offsets[-1], letters, number)


def _missing(kernel: Kernel, quantity: Quantity) -> str:
    """What keeps this kernel from having the quantity in the last of its places."""
    place = quantity.places[-1]
    for name, path in place.chain:
        if name and not kernel.has_field(name, path):
            return f"{name}.{path}"
    return place.symbol or "runqueues"


def _parts(found: list[_Found]) -> Iterator[Part]:
    groups: dict[tuple[str, tuple[int, ...]], list[_Found]] = {}
    for each in found:
        groups.setdefault((each.base, each.offsets), []).append(each)
    for members in groups.values():
        members.sort(key=lambda each: each.offset)
        near = [members[0]]
        for each in members[1:]:
            if each.offset - near[-1].end > _GAP:
                yield _part(near)
                near = []
            near.append(each)
        yield _part(near)


def _part(members: list[_Found]) -> Part:
    first = members[0].offset
    layout, at = "", first
    numbers: list[Number] = []
    for each in members:
        layout += f"{each.offset - at}x{each.letters}"
        numbers += [each.number] * len(each.letters)
        at = each.end
    read = Read(members[0].base, (*members[0].offsets, first), at - first)
    return Part(read, layout, tuple(numbers))
