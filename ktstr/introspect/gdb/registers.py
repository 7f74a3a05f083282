# SPDX-License-Identifier: Apache-2.0
"""Registers as gdb gets them: which there are, in which order, how wide.

gdb knows those of org.gnu.gdb.i386.core and .segments by these names (GDB's manual, "i386
Features"); those of the floating point unit are never known here. Ours are system registers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Register:
    """name: gdb's, which is ours, too. bits; type: as gdb's descriptions have them."""

    name: str
    bits: int
    type: str
    feature: str


_CORE, _SEGMENTS = "org.gnu.gdb.i386.core", "org.gnu.gdb.i386.segments"
_SYSTEM = "org.ktstr.system"
_GENERAL = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
)
_POINTERS = {"rbp": "data_ptr", "rsp": "data_ptr"}
REGISTERS: tuple[Register, ...] = (
    *(Register(name, 64, _POINTERS.get(name, "int64"), _CORE) for name in _GENERAL),
    Register("rip", 64, "code_ptr", _CORE),
    Register("eflags", 32, "int32", _CORE),
    *(Register(name, 32, "int32", _CORE) for name in ("cs", "ss", "ds", "es", "fs", "gs")),
    *(Register(f"st{number}", 80, "i387_ext", _CORE) for number in range(8)),
    *(
        Register(name, 32, "int", _CORE)
        for name in ("fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")
    ),
    *(Register(name, 64, "int", _SEGMENTS) for name in ("fs_base", "gs_base")),
    *(
        Register(name, 64, "int64", _SYSTEM)
        for name in ("k_gs_base", "cr0", "cr2", "cr3", "cr4", "efer")
    ),
)


def description() -> str:
    """target.xml."""
    lines = ['<?xml version="1.0"?>', '<!DOCTYPE target SYSTEM "gdb-target.dtd">', "<target>"]
    lines.append("<architecture>i386:x86-64</architecture>")
    for feature in dict.fromkeys(each.feature for each in REGISTERS):
        lines.append(f'<feature name="{feature}">')
        for number, each in enumerate(REGISTERS):
            if each.feature == feature:
                lines.append(
                    f'<reg name="{each.name}" bitsize="{each.bits}" type="{each.type}" '
                    f'regnum="{number}"/>'
                )
        lines.append("</feature>")
    return "\n".join([*lines, "</target>", ""])


def one(number: int, values: Mapping[str, int]) -> str:
    """A register in hex, as it lies in memory; `x` for each digit of one that is not known.

    Raises:
      IndexError: there is no such register.
    """
    register = REGISTERS[number]
    size, value = register.bits // 8, values.get(register.name)
    if value is None:
        return "xx" * size
    return (value & (1 << register.bits) - 1).to_bytes(size, "little").hex()


def all_of(values: Mapping[str, int]) -> str:
    """All registers of a CPU, one behind the other."""
    return "".join(one(number, values) for number in range(len(REGISTERS)))
