# SPDX-License-Identifier: Apache-2.0
"""The start of QEMU's migration stream: finding the RAM section, and adding pages to it.

The format is that of QEMU's docs/devel/migration and of migration/{savevm,ram}.c, all big endian:
"QEVM", u32 version 3; a section is a byte of its type, u32 its number, and at its first part its
name (u8 length), u32 instance and u32 version; a footer, 0x7e and the number, ends each part. What
the RAM section starts with is the table of all blocks; a page is u64 offset and flags, the block's
name (u8 length), and its bytes. With x-ignore-shared a block that the destination does not share
takes pages from the stream, though the source sent none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ktstr.vm.saved.template import TemplateError

PAGE = 4096
_HEADER = b"QEVM" + struct.pack(">I", 3)
_SECTION_START = b"\x01"
_SECTION_PART = b"\x02"
_FOOTER = b"\x7e"
_RAM = b"\x03ram"
_IGNORES_SHARED = b"\x0fx-ignore-shared"
# Flags in the low bits of a page's offset (migration/ram.c).
_MEM_SIZE = 0x04
_PAGE = 0x08
_END = 0x10
_CONTINUE = 0x20
_FLAGS = PAGE - 1


@dataclass(frozen=True)
class RamSection:
    """number: the section's.  blocks: name to bytes.  end: offset behind the set-up's footer."""

    number: int
    blocks: dict[str, int]
    end: int


def ram_section(stream: bytes) -> RamSection:
    """Where the RAM section's set-up ends, and which blocks it has.

    Raises:
      TemplateError: this is no such stream, or it is cut short; names the offset.
    """
    if stream[: len(_HEADER)] != _HEADER:
        raise TemplateError(
            f"saved device state: at offset 0 a migration stream of version 3 was expected, found "
            f"{stream[: len(_HEADER)].hex() or 'nothing'}"
        )
    name = stream.find(_RAM)
    start = name - 5
    if name < 0 or start < 0 or stream[start : start + 1] != _SECTION_START:
        raise TemplateError("saved device state: it has no RAM section; it is cut short or altered")
    if _IGNORES_SHARED not in stream[:start]:
        raise TemplateError("saved device state: it was saved without x-ignore-shared")
    reader = _Reader(stream, start + 1)
    number = reader.unpack(">I")
    reader.at = name + len(_RAM) + 8
    total = reader.unpack(">Q")
    left = total - _MEM_SIZE
    blocks: dict[str, int] = {}
    while left > 0:
        block = reader.name()
        blocks[block] = reader.unpack(">Q")
        reader.unpack(">Q")  # the block's address
        left -= blocks[block]
    reader.expect(struct.pack(">Q", _END) + _FOOTER + struct.pack(">I", number))
    if left < 0:
        raise TemplateError(f"saved device state: blocks of more than {total:#x} bytes")
    return RamSection(number, blocks, reader.at)


def with_pages(stream: bytes, pages: Iterable[tuple[str, int, bytes]]) -> bytes:
    """The stream with pages added, each (block, offset in the block, PAGE bytes).

    Raises:
      TemplateError: the stream is damaged, or a page lies outside of its blocks.
    """
    section = ram_section(stream)
    number = struct.pack(">I", section.number)
    parts = [stream[: section.end], _SECTION_PART, number]
    current = ""
    for block, offset, page in pages:
        if offset % PAGE or not 0 <= offset < section.blocks.get(block, 0) or len(page) != PAGE:
            raise TemplateError(
                f"{len(page)} bytes at offset {offset:#x} of RAM block {block!r} are no page of "
                f"the saved guest, which has {section.blocks}"
            )
        if block == current:
            parts += [struct.pack(">Q", offset | _PAGE | _CONTINUE), page]
        else:
            name = block.encode()
            parts += [struct.pack(">QB", offset | _PAGE, len(name)), name, page]
            current = block
    parts += [struct.pack(">Q", _END), _FOOTER, number, stream[section.end :]]
    return b"".join(parts)


@dataclass
class _Reader:
    stream: bytes
    at: int

    def unpack(self, kind: str) -> int:
        size = struct.calcsize(kind)
        data = self._take(size)
        (value,) = struct.unpack(kind, data)
        return int(value)

    def name(self) -> str:
        start = self.at
        data = self._take(self.unpack(">B"))
        if not data or not data.isascii():
            raise TemplateError(f"saved device state: no block's name at offset {start:#x}")
        return data.decode()

    def expect(self, data: bytes) -> None:
        start = self.at
        found = self._take(len(data))
        if found != data:
            raise TemplateError(
                f"saved device state: at offset {start:#x} {data.hex()} was expected, found "
                f"{found.hex()}"
            )

    def _take(self, size: int) -> bytes:
        data = self.stream[self.at : self.at + size]
        if len(data) < size:
            raise TemplateError(
                f"saved device state: cut short at offset {len(self.stream):#x}, within the RAM "
                f"section's start"
            )
        self.at += size
        return data
