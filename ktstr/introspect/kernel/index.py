# SPDX-License-Identifier: Apache-2.0
"""The index of a kernel's file: what makes finding one of 60,000 names a matter of microseconds.

It holds no names, only numbers that are sorted by their names' checksums; the names are those of
the file, which it belongs to and which is mapped beside it. The same file gives the same bytes.

Format, all numbers little-endian: the magic, the identity of the file (32 bytes of SHA-256), for
each array of ARRAYS its place and its length in bytes (u64 each); then the arrays, each at a
multiple of 8.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ktstr.introspect.kernel.btf import ENUMS, Btf, Kind
from ktstr.introspect.kernel.elf import Elf
from ktstr.introspect.kernel.errors import KernelFileError
from ktstr.introspect.kernel.symbols import SymbolTable

_MAGIC = b"KtstrKI1"
_BANNER = b"Linux version "
# how much of each end of a section the identity takes in
_END = 4096
# name -> how an element is packed
ARRAYS: dict[str, Literal["B", "I", "Q"]] = {
    "symbol_sums": "I",  # checksums of symbols' names, sorted
    "symbols": "I",  # the symbols' numbers, in that order
    "code_addresses": "Q",  # of functions, sorted
    "code": "I",  # their symbols' numbers
    "type_offsets": "I",  # of each type in BTF
    "type_sums": "I",  # checksums of types' and variables' names, sorted
    "types": "I",
    "constant_sums": "I",  # checksums of enumerators' names, sorted
    "constants": "I",  # numbers of their enums
    "release": "B",  # the release, as text
}


@dataclass(frozen=True)
class Index:
    """What ARRAYS names; the arrays are views of the index's bytes."""

    symbol_sums: memoryview
    symbols: memoryview
    code_addresses: memoryview
    code: memoryview
    type_offsets: memoryview
    type_sums: memoryview
    types: memoryview
    constant_sums: memoryview
    constants: memoryview
    release: memoryview


def matches(sums: memoryview, numbers: memoryview, name: str) -> Iterator[int]:
    """Numbers of what may have this name: those whose names have the same checksum."""
    wanted = checksum(name)
    at = bisect_left(sums, wanted)
    while at < len(sums) and sums[at] == wanted:
        yield numbers[at]
        at += 1


def checksum(name: str) -> int:
    return zlib.crc32(name.encode())


def identity(elf: Elf) -> bytes:
    """What tells one kernel's file from another, in a fraction of the time that all its bytes take.

    The build ID is among the notes; another link moves sections or changes their ends.
    """
    digest = hashlib.sha256()
    for section in elf.sections.values():
        digest.update(f"{section}\n".encode())
        data = elf.bytes_of(section.name)
        digest.update(data[:_END])
        digest.update(data[-_END:])
    return digest.digest()


def make(elf: Elf) -> bytes:
    """The index of a kernel's file.

    Raises:
      KernelFileError, BtfError: the file contradicts itself.
    """
    table, btf = SymbolTable(elf), types_of(elf)
    names, code = [], []
    for number in table.defined():
        symbol = table[number]
        names.append((checksum(symbol.name), number))
        if symbol.is_function:
            code.append((symbol.address, number))
    types, constants = [], []
    for number in btf.numbers() if btf else ():
        kind, name = btf.head(number) if btf else (Kind.VOID, "")
        if name:
            types.append((checksum(name), number))
        if btf and kind in ENUMS:
            constants += [(checksum(label), number) for label, _ in btf.type(number).values]
    arrays: dict[str, Iterable[int]] = {
        "type_offsets": btf.offsets if btf else (),
        "release": _release(elf).encode(),
    }
    for sums, numbers, pairs in (
        ("symbol_sums", "symbols", names),
        ("code_addresses", "code", code),
        ("type_sums", "types", types),
        ("constant_sums", "constants", constants),
    ):
        pairs.sort()
        arrays[sums] = [first for first, _ in pairs]
        arrays[numbers] = [second for _, second in pairs]
    return _pack(identity(elf), arrays)


def read(data: memoryview, elf: Elf) -> Index:
    """The arrays of an index of this file.

    Raises:
      KernelFileError: it is no index, cut short, or that of another file.
    """
    head = len(_MAGIC) + 32
    first = head + 16 * len(ARRAYS)
    if len(data) < first or data[: len(_MAGIC)] != _MAGIC:
        raise KernelFileError(
            f"{elf.path}: its index is no index of a kernel, or of another version"
        )
    if data[len(_MAGIC) : head] != identity(elf):
        raise KernelFileError(
            f"{elf.path}: the index beside it was made of another kernel; build the target again"
        )
    arrays = {}
    places = struct.iter_unpack("<QQ", data[head:first])
    for (name, form), (at, size) in zip(ARRAYS.items(), places, strict=True):
        if at % 8 or at + size > len(data) or size % struct.calcsize(form):
            raise KernelFileError(f"{elf.path}: its index is cut short at {name}")
        arrays[name] = data[at : at + size].cast(form)
    return Index(**arrays)


def types_of(elf: Elf) -> Btf | None:
    """The file's own types, counted; None where it has none."""
    data = elf.bytes_of(".BTF")
    return Btf(data) if len(data) else None


def _pack(identity_of_file: bytes, arrays: dict[str, Iterable[int]]) -> bytes:
    at = len(_MAGIC) + 32 + 16 * len(ARRAYS)
    places, body = [], bytearray()
    for name, form in ARRAYS.items():
        numbers = list(arrays[name])
        data = struct.pack(f"<{len(numbers)}{form}", *numbers)
        body += bytes(-(at + len(body)) % 8)
        places.append(struct.pack("<QQ", at + len(body), len(data)))
        body += data
    return _MAGIC + identity_of_file + b"".join(places) + bytes(body)


def _release(elf: Elf) -> str:
    """Of linux_banner (init/version.c), which is the first such text in .rodata."""
    data = bytes(elf.bytes_of(".rodata"))
    at = data.find(_BANNER)
    while at >= 0:
        word = data[at + len(_BANNER) : at + len(_BANNER) + 128].split(b" ", 1)[0]
        if word[:1].isdigit():
            return word.decode("ascii", "replace")
        at = data.find(_BANNER, at + 1)
    return "of unknown release"
