# SPDX-License-Identifier: Apache-2.0
"""The lines of a BPF program that the kernel has made machine code of (Linux 6.12 to 7.2).

`bpf_prog_aux.linfo` has a line for some of its instructions, `jited_linfo` the address of the code
of each (kernel/bpf/core.c, arch/x86/net/bpf_jit_comp.c: bpf_prog_fill_jited_linfo).
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.introspect.coverage.object import CodeLine, line_number, string_at, strings_of
from ktstr.introspect.debugger.objects import Btfs
from ktstr.introspect.debugger.programs import program_name
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View

_LINE = struct.Struct("<IIII")
_MOST_LINES = 1 << 16
_LARGEST_BTF = 16 << 20


@dataclass(frozen=True)
class Stretch:
    """The machine code in [start, end) comes from that line."""

    start: int
    end: int
    line: CodeLine


@dataclass(frozen=True)
class LoadedProgram:
    """A program's machine code, with its lines.

    types: the number of the types that it came with, which those of one object file share.
    """

    name: str
    place: range
    types: int
    is_struct_ops: bool
    stretches: tuple[Stretch, ...]


def place_of(view: View, address: int) -> range:
    """Where the machine code of a `struct bpf_prog` lies. Raises as `loaded_at`."""
    start = view.number(address, "bpf_prog", "bpf_func")
    return range(start, start + view.number(address, "bpf_prog", "jited_len"))


def paired(places: Sequence[range | None], place: range, first: int) -> int | None:
    """Which of the programs that were looked at, from the `first` on, a record of a place is of.

    Records come in the programs' order, and some may be lost. A program whose place is not known
    (None) may be any; where none may be it: None.
    """
    for number, each in enumerate(places[first:], first):
        if each is None or each == place:
            return number
    return None


def loaded_at(view: View, address: int) -> LoadedProgram | None:
    """The program of a `struct bpf_prog`; None of one without line information.

    Raises:
        MemoryFault: it cannot be read.
        UnknownName: this kernel has no such type.
        BtfError: the types that it came with contradict themselves.
    """
    aux = view.number(address, "bpf_prog", "aux")
    types = view.number(aux, "bpf_prog_aux", "btf")
    count = view.number(aux, "bpf_prog_aux", "nr_linfo")
    lines = view.number(aux, "bpf_prog_aux", "linfo")
    places = view.number(aux, "bpf_prog_aux", "jited_linfo")
    if not (types and count and lines and places):
        return None
    if count > _MOST_LINES:
        raise MemoryFault("read", lines, _LINE.size * count, f"{count} lines of a program")
    place = place_of(view, address)
    name = program_name(view, Btfs(view), aux)
    kind = view.kernel.enumerator("bpf_prog_type", "BPF_PROG_TYPE_STRUCT_OPS")
    return LoadedProgram(
        name,
        place,
        view.number(types, "btf", "id"),
        view.number(address, "bpf_prog", "type") == kind,
        _stretches(view, name, place, lines, places, count, _strings(view, types)),
    )


def _strings(view: View, types: int) -> bytes:
    size = view.number(types, "btf", "data_size")
    if size > _LARGEST_BTF:
        raise MemoryFault("read", types, size, f"{size} bytes of a program's types")
    return strings_of(view.memory.read(view.number(types, "btf", "data"), size))


def _stretches(
    view: View, name: str, place: range, lines: int, places: int, count: int, strings: bytes
) -> tuple[Stretch, ...]:
    """Of the lines of a program and its functions, which share them, those of this one."""
    told = _LINE.iter_unpack(view.memory.read(lines, _LINE.size * count))
    starts = memoryview(view.memory.read(places, 8 * count)).cast("Q")
    found = []
    for start, (_, file, _, column) in zip(starts, told, strict=True):
        if start in place and line_number(column):
            found.append((start, string_at(strings, file), line_number(column)))
    ends = sorted({start for start, _, _ in found} | {place.stop})
    after = dict(itertools.pairwise(ends))
    return tuple(
        Stretch(start, after[start], CodeLine(name, path, line)) for start, path, line in found
    )
