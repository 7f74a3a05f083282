# SPDX-License-Identifier: Apache-2.0
"""Type information (BTF) written by hand: Documentation/bpf/btf.rst of Linux 6.12."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ktstr.introspect.kernel.btf import Kind


class BtfWriter:
    """Types in the order in which they are added; each method returns the new one's number."""

    def __init__(self) -> None:
        self._text = bytearray(b"\0")
        self._types: list[bytes] = []

    def data(self) -> bytes:
        types = b"".join(self._types)
        head = struct.pack(
            "<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(self._text)
        )
        return head + types + bytes(self._text)

    def integer(self, name: str, size: int, signed: bool = False, boolean: bool = False) -> int:
        coding = signed << 24 | boolean << 26 | 8 * size
        return self._add(name, Kind.INT, size, struct.pack("<I", coding))

    def refer(self, kind: Kind, target: int, name: str = "", flag: bool = False) -> int:
        """PTR, TYPEDEF, a modifier, FUNC, or FWD (of a union where `flag`)."""
        return self._add(name, kind, target, b"", flag=flag)

    def array(self, element: int, count: int) -> int:
        return self._add("", Kind.ARRAY, 0, struct.pack("<III", element, element, count))

    def compound(
        self,
        name: str,
        size: int,
        members: Sequence[tuple[str, int, int] | tuple[str, int, int, int]],
        kind: Kind = Kind.STRUCT,
    ) -> int:
        """Members as (name, type, offset in bits) or, of bit fields, with their size in bits."""
        flag = any(len(member) == 4 for member in members)
        body = b"".join(
            struct.pack("<III", self._name(n), of, at | (more[0] << 24 if more else 0))
            for n, of, at, *more in members
        )
        return self._add(name, kind, size, body, len(members), flag)

    def enum(self, name: str, values: dict[str, int], size: int = 4) -> int:
        signed = any(value < 0 for value in values.values())
        if size == 8:
            body = b"".join(
                struct.pack("<III", self._name(n), v & 0xFFFFFFFF, v >> 32 & 0xFFFFFFFF)
                for n, v in values.items()
            )
            return self._add(name, Kind.ENUM64, 8, body, len(values), signed)
        body = b"".join(
            struct.pack("<II", self._name(n), v & 0xFFFFFFFF) for n, v in values.items()
        )
        return self._add(name, Kind.ENUM, size, body, len(values), signed)

    def variable(self, name: str, of: int) -> int:
        return self._add(name, Kind.VAR, of, struct.pack("<I", 1))

    def section(self, name: str, size: int, variables: Sequence[tuple[int, int, int]]) -> int:
        """Variables as (number, offset, size) in bytes."""
        body = b"".join(struct.pack("<III", *one) for one in variables)
        return self._add(name, Kind.DATASEC, size, body, len(variables))

    def _add(
        self, name: str, kind: Kind, third: int, body: bytes, count: int = 0, flag: bool = False
    ) -> int:
        info = flag << 31 | kind << 24 | count
        self._types.append(struct.pack("<III", self._name(name), info, third) + body)
        return len(self._types)

    def _name(self, name: str) -> int:
        if not name:
            return 0
        at = len(self._text)
        self._text += name.encode() + b"\0"
        return at
