# SPDX-License-Identifier: Apache-2.0
"""Puts one fault into a kernel: a copy of vmlinux whose pause(2) does something no kernel should.

The reports that follow are the kernel's own: only a few bytes of one system call differ. The fault
lies after the call to __fentry__, which the kernel patches itself while it boots.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

_SYSCALL = "__x64_sys_pause"
_FENTRY_CALL = 5
# struct bug_entry of include/asm-generic/bug.h with relative pointers: address, file, line, flags.
_BUG_ENTRY = struct.Struct("<iiHH")
_BUGFLAG_WARNING = 1
_BUGFLAGS = 0xFF  # above them is the taint that a warning leaves
# movl $TASK_INTERRUPTIBLE, __state(%rbx), and the same with TASK_UNINTERRUPTIBLE.
_SLEEP = bytes.fromhex("c743180100 0000")
_SLEEP_UNINTERRUPTIBLE = bytes.fromhex("c743180200 0000")


class Fault(StrEnum):
    """What pause(2) does instead of waiting for a signal."""

    NULL_DEREFERENCE = "null_dereference"
    ENDLESS_LOOP = "endless_loop"
    INTERRUPTS_OFF = "interrupts_off"
    UNINTERRUPTIBLE = "uninterruptible"
    BUG = "bug"
    WARN = "warn"


def with_fault(vmlinux: Path, fault: Fault) -> bytes:
    """The bytes of `vmlinux` with the fault in.

    Raises:
      ValueError: this kernel's code is not as the fault needs it.
    """
    with vmlinux.open("rb") as file:
        elf = ELFFile(file)
        image = bytearray(vmlinux.read_bytes())
        address, size = _symbol(elf, _SYSCALL)
        start = _offset(elf, address)
        if fault is Fault.UNINTERRUPTIBLE:
            where = image.find(_SLEEP, start, start + size)
            if where < 0:
                raise ValueError(f"{_SYSCALL} of {vmlinux} does not set its state as expected")
            _patch(image, where, _SLEEP_UNINTERRUPTIBLE)
        elif fault is Fault.NULL_DEREFERENCE:
            _patch(image, start + _FENTRY_CALL, bytes.fromhex("31c0 488900"))  # *(long *)0 = 0
        elif fault is Fault.ENDLESS_LOOP:
            _patch(image, start + _FENTRY_CALL, bytes.fromhex("ebfe"))  # jmp .
        elif fault is Fault.INTERRUPTS_OFF:
            _patch(image, start + _FENTRY_CALL, bytes.fromhex("fa ebfe"))  # cli; jmp .
        else:
            _patch(image, start + _FENTRY_CALL, bytes.fromhex("0f0b 31c0 c3"))  # ud2; return 0
            _claim_bug_entry(elf, image, address + _FENTRY_CALL, fault is Fault.WARN)
    return bytes(image)


def _claim_bug_entry(elf: ELFFile, image: bytearray, address: int, warning: bool) -> None:
    """Makes an entry of the table of BUG() and WARN() places describe the one at `address`."""
    section = elf.get_section_by_name("__bug_table")
    if section is None:
        raise ValueError("the kernel has no __bug_table")
    for at in range(0, section["sh_size"], _BUG_ENTRY.size):
        offset = section["sh_offset"] + at
        _, file, line, flags = _BUG_ENTRY.unpack_from(image, offset)
        if flags & _BUGFLAGS == (_BUGFLAG_WARNING if warning else 0):
            relative = address - (section["sh_addr"] + at)
            _patch(image, offset, _BUG_ENTRY.pack(relative, file, line, flags))
            return
    raise ValueError("the kernel's __bug_table has no entry of the kind wanted")


def _symbol(elf: ELFFile, name: str) -> tuple[int, int]:
    table = elf.get_section_by_name(".symtab")
    symbols = table.get_symbol_by_name(name) if isinstance(table, SymbolTableSection) else None
    if not symbols:
        raise ValueError(f"the kernel has no symbol {name}")
    return symbols[0]["st_value"], symbols[0]["st_size"]


def _offset(elf: ELFFile, address: int) -> int:
    for section in elf.iter_sections():
        start = section["sh_addr"]
        if start and start <= address < start + section["sh_size"]:
            return int(section["sh_offset"] + address - start)
    raise ValueError(f"no section of the kernel holds address {address:#x}")


def _patch(image: bytearray, offset: int, code: bytes) -> None:
    image[offset : offset + len(code)] = code
