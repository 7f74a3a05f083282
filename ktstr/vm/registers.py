# SPDX-License-Identifier: Apache-2.0
"""The registers of a machine's vCPUs, as QEMU's monitor shows them."""

from __future__ import annotations

import re

# `info registers -a` of QEMU 10.0 and 11.1 (target/i386/cpu-dump.c): a head for each vCPU, general
# registers, segments as selector, base, limit and flags, and control registers; all hexadecimal.
_CPU = re.compile(r"^CPU#(\d+)", re.MULTILINE)
_SEGMENT = re.compile(r"\b(ES|CS|SS|DS|FS|GS) *=([0-9a-f]{4}) ([0-9a-f]{16})\b")
_REGISTER = re.compile(r"\b(R[A-Z][A-Z]|R8|R9|R1[0-5]|CR[0-4]|HLT) *=([0-9a-f]+)\b")
_NAMES = {"rfl": "eflags"}
COMMAND = "info registers -a"


def vcpu_registers(text: str) -> tuple[dict[str, int], ...]:
    """Those of each vCPU in order: rax to r15, rip, eflags, cs to gs, their bases, cr0 to cr4.

    A vCPU of which QEMU says nothing has none; bases are named fs_base and so on.
    """
    found: dict[int, dict[str, int]] = {}
    heads = list(_CPU.finditer(text))
    ends = [each.start() for each in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=False):
        said = text[head.end() : end]
        registers = {name.lower(): int(value, 16) for name, value in _REGISTER.findall(said)}
        registers = {_NAMES.get(name, name): value for name, value in registers.items()}
        for name, selector, base in _SEGMENT.findall(said):
            registers[name.lower()] = int(selector, 16)
            registers[f"{name.lower()}_base"] = int(base, 16)
        found[int(head.group(1))] = registers
    return tuple(found.get(i, {}) for i in range(max(found, default=-1) + 1))
