# SPDX-License-Identifier: Apache-2.0
"""The sections of an ELF file (System V ABI, chapter 4), mapped and never copied whole."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from ktstr.introspect.kernel.errors import KernelFileError

_MAGIC = b"\x7fELF\x02\x01\x01"
_SECTION = struct.Struct("<IIQQQQIIQQ")
# SHT_NOBITS: the file has no bytes of it
_NO_BITS = 8


@dataclass(frozen=True)
class Section:
    """`address`: where it is linked to; `offset`, `size`: where it lies in the file, in bytes.

    `stored` is false for what a loader fills with zeros (.bss).
    """

    name: str
    address: int
    offset: int
    size: int
    stored: bool


class Elf:
    """A mapped file and its sections.

    Raises:
      KernelFileError: it is no 64-bit little-endian ELF file, or its section headers lie outside.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.image = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise KernelFileError(f"{path}: cannot be read: {error}") from error
        self._view = memoryview(self.image)
        self.sections = self._read_sections()

    def bytes_of(self, name: str) -> memoryview:
        """What the file stores of a section, without a copy; empty where there is none."""
        section = self.sections.get(name)
        if section is None or not section.stored:
            return memoryview(b"")
        return self._view[section.offset : section.offset + section.size]

    def read(self, address: int, size: int) -> bytes | None:
        """`size` bytes that are linked to `address`, as the file has them: zeros of .bss.

        None where no section holds all of them.
        """
        for section in self.sections.values():
            if section.address <= address and address + size <= section.address + section.size:
                if not section.stored:
                    return bytes(size)
                at = section.offset + address - section.address
                return self.image[at : at + size]
        return None

    def _read_sections(self) -> dict[str, Section]:
        image = self.image
        if len(image) < 64 or image[: len(_MAGIC)] != _MAGIC:
            raise KernelFileError(f"{self.path}: no 64-bit little-endian ELF file; give a vmlinux")
        (start,) = struct.unpack_from("<Q", image, 0x28)
        entry, count, names = struct.unpack_from("<HHH", image, 0x3A)
        if count and (entry < _SECTION.size or start + entry * count > len(image)):
            raise KernelFileError(
                f"{self.path}: section headers lie outside of the file; it is cut"
            )
        heads = [_SECTION.unpack_from(image, start + i * entry) for i in range(count)]
        if not names < count:
            return {}
        text_at, text_end = heads[names][4], heads[names][4] + heads[names][5]
        sections: dict[str, Section] = {}
        for name_at, kind, _, address, offset, size, *_ in heads:
            stored = kind != _NO_BITS
            if stored and offset + size > len(image):
                raise KernelFileError(
                    f"{self.path}: bytes of a section lie outside of the file; it is cut"
                )
            end = image.find(b"\0", text_at + name_at, text_end)
            name = image[text_at + name_at : max(end, 0)].decode("ascii", "replace")
            sections.setdefault(name, Section(name, address, offset, size, stored))
        return sections
