# SPDX-License-Identifier: Apache-2.0
"""All lines of a scheduler's object file that have code: the verifier takes dead ones away.

A constant that a scheduler is loaded with makes branches dead, so that what the kernel loads lacks
their lines. Sections .BTF and .BTF.ext (Documentation/bpf/btf.rst of Linux 6.12).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.introspect.kernel.btf import Btf, Kind
from ktstr.introspect.kernel.errors import BtfError, KernelFileError

_EXT = struct.Struct("<HBBIIIII")
_MAGIC = 0xEB9F
_SECTION = struct.Struct("<II")
# struct bpf_line_info: insn_off, file_name_off, line_off, line_col
_LINE = struct.Struct("<IIII")
_FUNCTION = struct.Struct("<II")
_HEADER = struct.Struct("<HBBIIIII")
# the bits of line_col that are no column
_LINE_SHIFT = 10


@dataclass(frozen=True)
class CodeLine:
    """A line that an instruction of a function comes from."""

    function: str
    path: str
    line: int


def lines_of_object(image: bytes) -> tuple[CodeLine, ...]:
    """The lines of a BPF object file; none where it has no line information.

    Raises:
        KernelFileError: it is no object file, or its line information contradicts itself.
    """
    sections = _sections(image)
    types, ext = sections.get(".BTF", b""), sections.get(".BTF.ext", b"")
    if not types or not ext:
        return ()
    try:
        return tuple(_lines(Btf(types), strings_of(types), ext))
    except (struct.error, IndexError, ValueError, BtfError) as error:
        raise KernelFileError(f"the scheduler's object: .BTF.ext is damaged: {error}") from error


def strings_of(types: bytes) -> bytes:
    """The strings of BTF."""
    _, _, _, header, _, _, at, size = _HEADER.unpack_from(types)
    return types[header + at : header + at + size]


def string_at(strings: bytes, at: int) -> str:
    """One of them, which ends with a zero.

    Raises:
        ValueError: there is none.
    """
    return strings[at : strings.index(b"\0", at)].decode(errors="replace")


def line_number(line_col: int) -> int:
    """The line of a struct bpf_line_info."""
    return line_col >> _LINE_SHIFT


def _lines(btf: Btf, strings: bytes, ext: bytes) -> Iterator[CodeLine]:
    magic, _, _, header, func_at, func_size, line_at, line_size = _EXT.unpack_from(ext)
    if magic != _MAGIC:
        raise ValueError(f"it begins with {magic:#x}")
    functions = dict(_records(ext, header + func_at, func_size, _FUNCTION))
    for section, records in _records(ext, header + line_at, line_size, _LINE):
        starts = sorted(functions.get(section, []))
        for offset, file, _, column in records:
            begun = [number for start, number in starts if start <= offset]
            if not begun or not line_number(column):
                continue
            kind, name = btf.head(begun[-1])
            if kind is Kind.FUNC:
                yield CodeLine(name, string_at(strings, file), line_number(column))


def _records(
    ext: bytes, at: int, size: int, layout: struct.Struct
) -> Iterator[tuple[int, list[tuple[int, ...]]]]:
    """The records of each section, by its name's place among the strings."""
    end = at + size
    (record,) = struct.unpack_from("<I", ext, at)
    if record < layout.size:
        raise ValueError(f"records of {record} bytes, of {layout.size} at least")
    at += 4
    while at < end:
        section, count = _SECTION.unpack_from(ext, at)
        at += _SECTION.size
        yield section, [layout.unpack_from(ext, at + record * i) for i in range(count)]
        at += record * count


def _sections(image: bytes) -> dict[str, bytes]:
    if len(image) < 64 or image[:5] != b"\x7fELF\x02":
        raise KernelFileError("the scheduler's object is no 64-bit ELF file")
    (start,) = struct.unpack_from("<Q", image, 0x28)
    entry, count, names = struct.unpack_from("<HHH", image, 0x3A)
    try:
        heads = [struct.unpack_from("<IIQQQQ", image, start + i * entry) for i in range(count)]
        text = image[heads[names][4] :]
        return {string_at(text, head[0]): image[head[4] : head[4] + head[5]] for head in heads}
    except (struct.error, IndexError, OverflowError, ValueError) as error:
        raise KernelFileError(f"the scheduler's object is damaged: {error}") from error
