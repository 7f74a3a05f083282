# SPDX-License-Identifier: Apache-2.0
"""Blocks of code that ran, and the BPF programs that those of machine code are of.

A program is looked at where the kernel gives it its name, which is before it first runs. Machine
code lies where other programs' was before, so that records are walked in their order.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ktstr.introspect.coverage.programs import paired
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.records import BLOCK, Row
from ktstr.introspect.plugin.watch import Probe, Read
from ktstr.introspect.trace.functions import function_of

# Machine code of BPF lies between the kernel and the end of the space for modules.
_JITED_END = 0xFFFF_FFFF_FF00_0000
_PLACE = struct.Struct("<QI")
_LONGEST = 1 << 16


@dataclass(frozen=True)
class Naming:
    """Where the kernel gives a BPF program its name; `register` has its `struct bpf_prog`."""

    probe: Probe
    register: str


class Block(NamedTuple):
    """The code in [start, end) that ran, of the probe of that name.

    space: the page tables it ran by (cr3; 0 of the kernel).  programs: those whose machine code it
    is of, by their numbers and places.
    """

    probe: str
    start: int
    end: int
    space: int
    programs: Sequence[tuple[int, range]]


def jited_probe(name: str, kernel: Kernel) -> Probe:
    """The blocks of BPF's machine code."""
    return Probe(name, kernel.symbol("_end"), _JITED_END, blocks=True, yields=True)


def naming_of(name: str, kernel: Kernel) -> Naming | str:
    """Where programs are named, whose probe has that name; in words, why that is not known.

    Raises:
        UnknownName: a program of this kernel does not tell where its code lies.
    """
    function = function_of(kernel, ("bpf_prog_kallsyms_add",), {"fp"})
    if isinstance(function, str):
        return function
    register, at = function.arguments["fp"], function.place
    place = (
        Read(register, (kernel.field("bpf_prog", "bpf_func").offset,), 8),
        Read(register, (kernel.field("bpf_prog", "jited_len").offset,), 4),
    )
    return Naming(Probe(name, at.start, at.stop, reads=place, hold=True), register)


def blocks_of(
    rows: Iterable[Row],
    naming: str,
    jited: str,
    places: Sequence[range | None],
) -> Iterator[Block]:
    """The blocks among records, with the programs of those of the probe `jited`.

    naming: the probe where programs are named.  places: of the programs that were looked at there,
    in their order; None: not known.
    """
    there: list[tuple[int, range]] = []
    told = 0
    for probe, _, data in rows:
        if probe == naming:
            start, size = _PLACE.unpack(data)
            place = range(start, start + size)
            there = [each for each in there if not _meet(each[1], place)]
            number = paired(places, place, told)
            if number is not None:
                there.append((number, place))
                told = number + 1
            continue
        start, size, space = BLOCK.unpack(data)
        if not 0 < size <= _LONGEST:
            continue
        programs: Sequence[tuple[int, range]] = ()
        if probe == jited:
            code = range(start, start + size)
            programs = [each for each in there if _meet(each[1], code)]
        yield Block(probe, start, start + size, space, programs)


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
