# SPDX-License-Identifier: Apache-2.0
"""A guest's RAM as an ELF core: what drgn and crash open, and what we keep of a guest ourselves.

The format is that of QEMU's dump-guest-memory and of Linux's /proc/vmcore: ET_CORE for x86-64, one
PT_NOTE, a PT_LOAD for each extent of RAM, whose p_paddr is the guest's physical address and
p_vaddr its address in the kernel's direct map (elf(5); Linux's fs/proc/vmcore.c and
include/uapi/linux/elf.h, 6.12). Zeros are holes of the file.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ktstr.introspect.memory.memory import MemoryFault, PhysicalMemory

EHDR = struct.Struct("<16sHHIQQQIHHHHHH")
PHDR = struct.Struct("<IIQQQQQQ")
NHDR = struct.Struct("<III")
IDENT = b"\x7fELF\x02\x01\x01" + bytes(9)
ET_CORE, EM_X86_64 = 4, 62
PT_LOAD, PT_NOTE = 1, 4
NT_PRSTATUS = 1
VMCOREINFO = "VMCOREINFO"
CORE = "CORE"
# Extents of a core at most: the head counts them in 16 bits, and more are no RAM of ours.
MOST_EXTENTS = 0xFFFF - 1
_PAGE = 4096
_CHUNK = 1 << 20
# struct elf_prstatus: 112 bytes before the registers, 27 registers, and 8 bytes behind them.
_PRSTATUS_HEAD, _PRSTATUS_PID = 112, 32
# The order of struct user_regs_struct (arch/x86/include/asm/user_64.h).
REGISTERS = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx"),
    *("rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base"),
    *("ds", "es", "fs", "gs"),
)


@dataclass(frozen=True)
class CoreHead:
    """What a core says besides RAM.

    Attributes:
      registers: of each CPU in order, by name; a CPU of whom nothing is known has none.
      vmcoreinfo: the kernel's own note for readers of its cores, empty for none.
      direct_map: the kernel's virtual address of physical 0.
    """

    registers: tuple[Mapping[str, int], ...] = ()
    vmcoreinfo: bytes = b""
    direct_map: int = 0
    notes: Mapping[str, bytes] = field(default_factory=dict)


def write_core(
    out: BinaryIO, physical: PhysicalMemory, extents: Sequence[tuple[int, int]], head: CoreHead
) -> int:
    """Writes a core with (physical address, size) of RAM; returns the bytes that are no holes.

    Raises:
      MemoryFault: the RAM cannot be read.
      OSError: the file cannot be written.
      ValueError: there are too many extents.
    """
    if len(extents) > MOST_EXTENTS:
        raise ValueError(f"{len(extents)} extents, a core holds {MOST_EXTENTS}")
    notes = _notes(head)
    headers = EHDR.size + PHDR.size * (1 + len(extents))
    at = _up(headers + len(notes))
    table = [PHDR.pack(PT_NOTE, 0, headers, 0, 0, len(notes), len(notes), 4)]
    places = []
    for address, size in extents:
        virtual = (head.direct_map + address) & ((1 << 64) - 1)
        table.append(PHDR.pack(PT_LOAD, 7, at, virtual, address, size, size, _PAGE))
        places.append(at)
        at = _up(at + size)
    count = 1 + len(extents)
    fixed = (ET_CORE, EM_X86_64, 1, 0, EHDR.size, 0, 0, EHDR.size, PHDR.size, count, 0, 0, 0)
    out.write(EHDR.pack(IDENT, *fixed) + b"".join(table) + notes)
    written = headers + len(notes)
    for (address, size), place in zip(extents, places, strict=True):
        for offset in range(0, size, _CHUNK):
            data = physical.read(address + offset, min(_CHUNK, size - offset))
            written += _write_sparse(out, place + offset, data)
    out.truncate(at)
    return written


def prstatus(cpu: int, registers: Mapping[str, int]) -> bytes:
    """A note's description with the registers of one CPU; pr_pid is one more than its number."""
    words = (registers.get(name, 0) & ((1 << 64) - 1) for name in REGISTERS)
    head = bytearray(_PRSTATUS_HEAD)
    struct.pack_into("<i", head, _PRSTATUS_PID, cpu + 1)
    return bytes(head) + struct.pack(f"<{len(REGISTERS)}Q", *words) + bytes(8)


def registers_of(description: bytes) -> dict[str, int]:
    """The registers in such a description; empty for one that is too short."""
    size = 8 * len(REGISTERS)
    words = description[_PRSTATUS_HEAD : _PRSTATUS_HEAD + size]
    if len(words) < size:
        return {}
    return dict(zip(REGISTERS, struct.unpack(f"<{len(REGISTERS)}Q", words), strict=True))


class Recorder:
    """Physical memory that keeps every page that was read through it."""

    def __init__(self, memory: PhysicalMemory) -> None:
        self._memory = memory
        self._pages: dict[int, bytes] = {}

    def read(self, physical: int, size: int) -> bytes:
        """As the memory beneath does.

        Raises:
          MemoryFault: as the memory beneath does.
        """
        first = physical - physical % _PAGE
        parts = [self._page(at) for at in range(first, physical + size, _PAGE)]
        return b"".join(parts)[physical - first : physical - first + size]

    def write(self, physical: int, data: bytes) -> None:
        """What is recorded is not changed.

        Raises:
          MemoryFault: always.
        """
        raise MemoryFault("write physical", physical, len(data), "it is being recorded")

    def save(self, path: Path, head: CoreHead) -> None:
        """Writes a core with the pages that were read.

        Raises:
          OSError: the file cannot be written.
        """
        with path.open("wb") as out:
            write_core(out, self, list(_joined(sorted(self._pages))), head)

    def _page(self, at: int) -> bytes:
        page = self._pages.get(at)
        if page is None:
            page = self._pages[at] = self._memory.read(at, _PAGE)
        return page


def _joined(pages: Iterable[int]) -> Iterable[tuple[int, int]]:
    begin = end = -1
    for page in pages:
        if page != end:
            if end > begin:
                yield begin, end - begin
            begin = page
        end = page + _PAGE
    if end > begin:
        yield begin, end - begin


def _notes(head: CoreHead) -> bytes:
    """Registers first, one note for each CPU: a reader counts them."""
    notes = [_note(CORE, NT_PRSTATUS, prstatus(i, each)) for i, each in enumerate(head.registers)]
    if head.vmcoreinfo:
        notes.append(_note(VMCOREINFO, 0, head.vmcoreinfo))
    notes += [_note(name, 0, data) for name, data in sorted(head.notes.items())]
    return b"".join(notes)


def _note(name: str, kind: int, description: bytes) -> bytes:
    named = name.encode() + b"\0"
    head = NHDR.pack(len(named), len(description), kind)
    return head + _padded(named) + _padded(description)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _up(at: int) -> int:
    return at + -at % _PAGE


def _write_sparse(out: BinaryIO, place: int, data: bytes) -> int:
    """Writes the pages that are not all zeros; returns their bytes."""
    written = 0
    for at in range(0, len(data), _PAGE):
        page = data[at : at + _PAGE]
        if page.count(0) != len(page):
            out.seek(place + at, os.SEEK_SET)
            out.write(page)
            written += len(page)
    return written
