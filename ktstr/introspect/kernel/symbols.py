# SPDX-License-Identifier: Apache-2.0
"""A kernel's symbol table (.symtab), which is read where it lies."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.introspect.kernel.elf import Elf
from ktstr.introspect.kernel.errors import KernelFileError

_SYMBOL = struct.Struct("<IBBHQQ")
_FUNCTION, _NO_TYPE, _SECTION, _FILE = 2, 0, 3, 4
_LONGEST_NAME = 4096


@dataclass(frozen=True)
class Symbol:
    """address: as linked; of a per-CPU variable what __per_cpu_offset is added to.

    size: in bytes.
    """

    name: str
    address: int
    size: int
    is_global: bool
    is_function: bool


class SymbolTable:
    """Symbols by number, as the file has them."""

    def __init__(self, elf: Elf) -> None:
        self._path = elf.path
        self._table = elf.bytes_of(".symtab")
        self._text = elf.sections.get(".strtab")
        self._image = elf.image

    def __len__(self) -> int:
        return len(self._table) // _SYMBOL.size

    def __getitem__(self, number: int) -> Symbol:
        """Raises KernelFileError for a number that there is not."""
        if not 0 <= number < len(self):
            raise KernelFileError(f"{self._path}: there is no symbol {number} of {len(self)}")
        name, info, _, _, value, size = _SYMBOL.unpack_from(self._table, number * _SYMBOL.size)
        kind = info & 15
        # entry points written in assembly have a size and no type
        code = kind == _FUNCTION or (kind == _NO_TYPE and size > 0)
        return Symbol(self._name(name), value, size, info >> 4 != 0, code)

    def defined(self) -> Iterator[int]:
        """Numbers of what has a name and a place: neither files, sections nor undefined ones."""
        for number, (name, info, _, section, _, _) in enumerate(_SYMBOL.iter_unpack(self._table)):
            if name and section and info & 15 not in (_SECTION, _FILE):
                yield number

    def _name(self, at: int) -> str:
        if self._text is None:
            return ""
        start, last = self._text.offset + at, self._text.offset + self._text.size
        end = self._image.find(b"\0", start, min(last, start + _LONGEST_NAME))
        if end < 0:
            raise KernelFileError(f"{self._path}: a symbol's name lies outside of .strtab")
        return self._image[start:end].decode("utf-8", "replace")
