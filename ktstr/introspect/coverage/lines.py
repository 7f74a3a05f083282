# SPDX-License-Identifier: Apache-2.0
"""Which line of which file each instruction of a kernel comes from, of chosen files.

Read from .debug_line (DWARF 5, chapter 6.2): the units of other files are stepped over, so that of
a whole kernel's nothing but its scheduler's is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ktstr.introspect.kernel.elf import Elf
from ktstr.introspect.kernel.errors import KernelFileError

_VERSION = 5
# ELFCOMPRESS_ZSTD of a compressed section's header, Elf64_Chdr
_ZSTD = 2
_COMPRESSED = struct.Struct("<IIQQ")
_LARGEST = 1 << 30
# content and form codes
_PATH, _DIRECTORY = 1, 2
_STRING, _LINE_STRP, _UDATA, _DATA1, _DATA2, _DATA16, _BLOCK = 8, 0x1F, 0xF, 0xB, 5, 0x1E, 9
# standard opcodes
(_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _SET_COLUMN, _NEGATE, _BASIC, _CONST_ADD) = range(
    1, 9
)
(_FIXED_ADVANCE, _PROLOGUE, _EPILOGUE, _SET_ISA) = range(9, 13)
_END_SEQUENCE, _SET_ADDRESS, _DEFINE_FILE, _DISCRIMINATOR = range(1, 5)


@dataclass(frozen=True)
class Row:
    """The instructions in [address, end) come from this line of a file."""

    address: int
    end: int
    path: str
    line: int


def rows_of(path: Path, wanted: Callable[[str], bool]) -> Iterator[Row]:
    """The rows of those units whose own file is `wanted`, headers that they include among them.

    Raises:
        KernelFileError: the file has no line information that is read here.
    """
    elf = Elf(path)
    data, strings = _section(elf, ".debug_line"), _section(elf, ".debug_line_str")
    if not data:
        raise KernelFileError(f"{path}: it has no .debug_line; build the kernel with DWARF")
    at = 0
    while at + 4 <= len(data):
        (size,) = struct.unpack_from("<I", data, at)
        end = at + 4 + size
        if size < 8 or end > len(data):
            raise KernelFileError(f"{path}: a unit of .debug_line at byte {at} has {size} bytes")
        try:
            unit = _Unit(data, at, end, strings)
            if unit.files and wanted(unit.files[0]):
                yield from unit.rows()
        except (IndexError, ValueError, ZeroDivisionError, struct.error) as error:
            raise KernelFileError(
                f"{path}: the unit of .debug_line at byte {at} is damaged: {error}"
            ) from error
        except _Unknown as unknown:
            raise KernelFileError(f"{path}: .debug_line at byte {at}: {unknown}") from unknown
        at = end


class _Unknown(Exception):
    """A version or form that is not read here."""


def _section(elf: Elf, name: str) -> bytes:
    data = bytes(elf.bytes_of(name))
    # a section's first unit cannot have two bytes
    if len(data) > _COMPRESSED.size and data[:8] == struct.pack("<II", _ZSTD, 0):
        import zstandard  # few look at kernels' lines

        size = _COMPRESSED.unpack_from(data)[2]
        if size > _LARGEST:
            raise KernelFileError(f"{elf.path}: {name} says that it has {size} bytes")
        content = data[_COMPRESSED.size :]
        try:
            return zstandard.ZstdDecompressor().decompress(content, max_output_size=size)
        except zstandard.ZstdError as error:
            raise KernelFileError(f"{elf.path}: {name} cannot be unpacked: {error}") from error
    return data


class _Unit:
    """One unit's header, and its program."""

    def __init__(self, data: bytes, at: int, end: int, strings: bytes) -> None:
        self._data, self._at, self._end, self._strings = data, at + 4, end, strings
        version = self._number(2)
        if version != _VERSION:
            raise _Unknown(f"version {version}; DWARF {_VERSION} is read here")
        self._number(2)  # sizes of an address and of a segment's selector
        program = self._at + 4 + self._number(4)
        self._least, _, _, base, self._range, self._first = struct.unpack_from(
            "<BBBbBB", data, self._at
        )
        self._base = base
        self._at += 6
        self._lengths = (0, *(self._number(1) for _ in range(self._first - 1)))
        directories = [name for name, _ in self._entries()]
        self.files = [
            name if name.startswith("/") else f"{directories[number]}/{name}"
            for name, number in self._entries()
        ]
        self._at = program

    def rows(self) -> Iterator[Row]:
        """Runs the program: a row ends where the next one of its sequence begins."""
        address, file, line = 0, 1, 1
        last: tuple[int, int, int] | None = None
        for address, file, line, ends in self._states():
            if last is not None and last[0] < address and last[2] > 0:
                yield Row(last[0], address, self.files[last[1]], last[2])
            last = None if ends else (address, file, line)

    def _states(self) -> Iterator[tuple[int, int, int, bool]]:
        """Address, file and line of each row, and whether it ends a sequence."""
        address, file, line = 0, 1, 1
        while self._at < self._end:
            opcode = self._number(1)
            if opcode >= self._first:
                adjusted = opcode - self._first
                address += adjusted // self._range * self._least
                line += self._base + adjusted % self._range
                yield address, file, line, False
            elif opcode == 0:
                after = self._uleb() + self._at
                extended = self._number(1)
                if extended == _END_SEQUENCE:
                    yield address, file, line, True
                    address, file, line = 0, 1, 1
                elif extended == _SET_ADDRESS:
                    address = self._number(8)
                self._at = after
            elif opcode == _COPY:
                yield address, file, line, False
            elif opcode == _ADVANCE_PC:
                address += self._uleb() * self._least
            elif opcode == _ADVANCE_LINE:
                line += self._sleb()
            elif opcode == _SET_FILE:
                file = self._uleb()
            elif opcode == _CONST_ADD:
                address += (255 - self._first) // self._range * self._least
            elif opcode == _FIXED_ADVANCE:
                address += self._number(2)
            else:
                for _ in range(self._lengths[opcode]):
                    self._uleb()

    def _entries(self) -> Iterator[tuple[str, int]]:
        """Names and numbers of directories of a table of the header."""
        formats = [(self._uleb(), self._uleb()) for _ in range(self._number(1))]
        count = self._uleb()
        if count > self._end - self._at:
            raise IndexError(f"it has {count} names")
        for _ in range(count):
            name, directory = "", 0
            for content, form in formats:
                value = self._value(form)
                if content == _PATH and isinstance(value, str):
                    name = value
                elif content == _DIRECTORY and isinstance(value, int):
                    directory = value
            yield name, directory

    def _value(self, form: int) -> str | int:
        if form == _LINE_STRP:
            start = self._number(4)
            return self._strings[start : self._strings.index(b"\0", start)].decode()
        if form == _STRING:
            start = self._at
            self._at = self._data.index(b"\0", start) + 1
            return self._data[start : self._at - 1].decode()
        if form == _UDATA:
            return self._uleb()
        if form in (_DATA1, _DATA2):
            return self._number(1 if form == _DATA1 else 2)
        if form == _DATA16:
            return self._number(16)
        raise _Unknown(f"form {form:#x} of a file's name is not read here")

    def _number(self, size: int) -> int:
        self._at += size
        if self._at > self._end:
            raise IndexError("it ends too early")
        return int.from_bytes(self._data[self._at - size : self._at], "little")

    def _uleb(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self._number(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def _sleb(self) -> int:
        start = self._at
        value = self._uleb()
        bits = 7 * (self._at - start)
        return value - (1 << bits) if value >> (bits - 1) & 1 else value
