# SPDX-License-Identifier: Apache-2.0
"""Flattened device trees, read and written (Devicetree Specification 0.4, chapter 5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ktstr.model.errors import InfraError

_MAGIC = 0xD00DFEED
_VERSION, _OLDEST_READER = 17, 16
_HEADER = struct.Struct(">10I")
_RESERVATION_END = bytes(16)
_BEGIN, _END, _PROPERTY, _NOP, _FINISH = 1, 2, 3, 4, 9
_PHANDLE = "phandle"


@dataclass
class Node:
    """A node: its properties in their order, as bytes, and what is below it."""

    name: str
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def child(self, name: str) -> Node:
        """The node of that name directly below.

        Raises:
          InfraError: there is none.
        """
        for each in self.children:
            if each.name == name:
                return each
        raise InfraError(
            f"the device tree's node {self.name or '/'} has no {name}; it has "
            f"{', '.join(each.name for each in self.children) or 'none'}"
        )

    def walk(self) -> Iterator[Node]:
        """This node and all below."""
        yield self
        for each in self.children:
            yield from each.walk()

    def highest_phandle(self) -> int:
        """The highest number that a node goes by, 0 where none has one."""
        found = (each.properties.get(_PHANDLE) for each in self.walk())
        return max((int.from_bytes(number) for number in found if number), default=0)


def cells(*numbers: int) -> bytes:
    """A property of 32-bit numbers."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def text(*words: str) -> bytes:
    """A property of strings."""
    return b"".join(word.encode() + b"\0" for word in words)


def parse(blob: bytes) -> Node:
    """The root node of a flattened tree.

    Raises:
      InfraError: the bytes are no such tree.
    """
    try:
        magic, _, structure, strings, _, version, _, _, _, _ = _HEADER.unpack_from(blob)
        if magic != _MAGIC or version < _OLDEST_READER:
            raise ValueError(f"magic {magic:#x}, version {version}")
        return _Reader(blob, structure, strings).root()
    except (ValueError, IndexError, struct.error) as error:
        raise InfraError(f"{len(blob)} bytes are no flattened device tree: {error}") from error


def flatten(root: Node) -> bytes:
    """The tree as bytes, with no memory reserved."""
    names: dict[str, int] = {}
    structure = _node(root, names) + cells(_FINISH)
    strings = b"".join(name.encode() + b"\0" for name in names)
    at = _HEADER.size + len(_RESERVATION_END)
    header = _HEADER.pack(
        _MAGIC,
        at + len(structure) + len(strings),
        at,
        at + len(structure),
        _HEADER.size,
        _VERSION,
        _OLDEST_READER,
        0,
        len(strings),
        len(structure),
    )
    return header + _RESERVATION_END + structure + strings


def _node(node: Node, names: dict[str, int]) -> bytes:
    parts = [cells(_BEGIN), _padded(node.name.encode() + b"\0")]
    for name, value in node.properties.items():
        if name not in names:
            names[name] = sum(len(each) + 1 for each in names)
        parts += [cells(_PROPERTY, len(value), names[name]), _padded(value)]
    parts += [_node(child, names) for child in node.children]
    return b"".join((*parts, cells(_END)))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


class _Reader:
    """The structure block, from its first token on."""

    def __init__(self, blob: bytes, structure: int, strings: int) -> None:
        self._blob, self._at, self._strings = blob, structure, strings

    def root(self) -> Node:
        if self._token() != _BEGIN:
            raise ValueError("it begins with no node")
        return self._rest_of_node()

    def _rest_of_node(self) -> Node:
        name = self._string(self._at)
        self._at += len(_padded(name.encode() + b"\0"))
        node = Node(name)
        while (token := self._token()) != _END:
            if token == _BEGIN:
                node.children.append(self._rest_of_node())
            elif token == _PROPERTY:
                length, where = struct.unpack_from(">2I", self._blob, self._at)
                begin = self._at + 8
                value = self._blob[begin : begin + length]
                node.properties[self._string(self._strings + where)] = value
                self._at = begin + len(_padded(value))
            else:
                raise ValueError(f"token {token} stands within node {name or '/'}")
        return node

    def _token(self) -> int:
        token = _NOP
        while token == _NOP:
            (token,) = struct.unpack_from(">I", self._blob, self._at)
            self._at += 4
        return int(token)

    def _string(self, begin: int) -> str:
        return self._blob[begin : self._blob.index(b"\0", begin)].decode()
