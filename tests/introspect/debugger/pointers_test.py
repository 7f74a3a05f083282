# SPDX-License-Identifier: Apache-2.0
"""Where pointers lead, in memory and types that are made by hand."""

from __future__ import annotations

import struct
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.introspect.debugger.maps import Map
from ktstr.introspect.debugger.pointers import followed, pointee
from ktstr.introspect.debugger.value import Value
from ktstr.introspect.kernel.btf import Btf, Kind
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.memory.memory import MemoryFault
from tests.support.btf import BtfWriter

# where an arena is to programs, and where the kernel has it
_USER, _KERNEL = 0x7000_0000_0000, 0xFFFF_C900_0000_0000
_FIRST, _SECOND = 0x40, 0x100


class _Memory:
    """Bytes by address."""

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}

    def put(self, address: int, data: bytes) -> None:
        self.bytes |= {address + i: byte for i, byte in enumerate(data)}

    def read(self, address: int, size: int) -> bytes:
        try:
            return bytes(self.bytes[address + i] for i in range(size))
        except KeyError:
            raise MemoryFault("read", address, size, "nothing is there") from None

    def write(self, address: int, data: bytes) -> None:
        self.put(address, data)


class PointersTest(parameterized.TestCase):
    """`struct piece { u64 value; struct piece *next; u64 *more; void *any; u64 pair[2]; }`."""

    def setUp(self) -> None:
        super().setUp()
        writer = BtfWriter()
        u64 = writer.integer("u64", 8)
        # the piece is the type behind its three pointers and its array
        piece = u64 + 5
        to_piece, to_u64 = writer.refer(Kind.PTR, piece), writer.refer(Kind.PTR, u64)
        anything, pair = writer.refer(Kind.PTR, 0), writer.array(u64, 2)
        members = {"value": u64, "next": to_piece, "more": to_u64, "any": anything, "pair": pair}
        offsets = (0, 8, 16, 24, 32)
        found = writer.compound(
            "piece",
            48,
            [(name, of, 8 * at) for (name, of), at in zip(members.items(), offsets, strict=True)],
        )
        assert found == piece, (found, piece)
        self.btf, self.pointer = Btf(writer.data()), to_piece
        self.memory = _Memory()
        self.piece(_FIRST, 11, _SECOND)
        self.piece(_SECOND, 33, 0)
        self.piece(_FIRST + 48, 44, 0)
        self.arena = mock.create_autospec(Map, instance=True)
        self.arena.in_arena.side_effect = lambda at: (
            at - _USER + _KERNEL if _USER <= at < _USER + (1 << 32) else at
        )

    def piece(self, at: int, value: int, following: int) -> None:
        """One in the arena, as programs know it."""
        behind, more = (_USER + following if following else 0), _USER + 0x200
        data = struct.pack("<6Q", value, behind, more, _USER, value + 1, value + 2)
        self.memory.put(_KERNEL + at, data)
        self.memory.put(_KERNEL + 0x200, struct.pack("<3Q", 5, 6, 7))

    def first(self) -> Value:
        return Value(self.btf, self.pointer, struct.pack("<Q", _USER + _FIRST), 0x10)

    def at(self, path: str) -> object:
        value, rest = followed(self.memory, self.first(), path, lambda: [self.arena])
        return value.at(rest) if rest else value

    @parameterized.parameters(
        ("value", 11),
        ("next.value", 33),
        ("next.next", 0),
        ("next", _USER + _SECOND),
        ("next.pair[1]", 35),
        ("pair[0]", 12),
        ("[1].value", 44),
        ("next[0].pair[1]", 35),
    )
    def test_steps_behind_pointers(self, path: str, expected: int) -> None:
        self.assertEqual(self.at(path), expected)

    def test_a_pointer_is_an_array_too(self) -> None:
        for index, expected in enumerate((5, 6, 7)):
            value, rest = followed(
                self.memory, self.first(), f"next.more[{index}]", lambda: [self.arena]
            )
            self.assertEqual((rest, int.from_bytes(value.data, "little")), ("", expected))
            self.assertEqual(value.address, _KERNEL + 0x200 + 8 * index)

    def test_nothing_is_followed_that_no_step_is_behind(self) -> None:
        asked = mock.Mock(return_value=[])
        value, rest = followed(self.memory, self.first(), "", asked)
        self.assertEqual((value, rest), (self.first(), ""))
        asked.assert_not_called()

    @parameterized.parameters(
        ("next.next.value", "next is NULL"),
        ("any.value", "what any leads to has no type here"),
        ("nex.value", "piece has no member 'nex' .did you mean 'next'"),
        (".".join(["self"] * 3), "piece has no member 'self'"),
    )
    def test_what_leads_nowhere(self, path: str, words: str) -> None:
        with self.assertRaisesRegex(UnknownName, words):
            self.at(path)

    def test_a_ring_ends(self) -> None:
        self.piece(_SECOND, 33, _FIRST)
        self.assertEqual(self.at(".".join(["next"] * 8) + ".value"), 11)
        with self.assertRaisesRegex(UnknownName, "goes along more than 64 pointers"):
            self.at(".".join(["next"] * 70) + ".value")

    def test_without_the_arena_there_is_nothing(self) -> None:
        with self.assertRaises(MemoryFault):
            followed(self.memory, self.first(), "value", list)

    def test_what_is_no_pointer(self) -> None:
        piece = pointee(self.memory, self.first(), "", lambda: [self.arena])
        with self.assertRaisesRegex(UnknownName, "value is no pointer"):
            pointee(self.memory, piece, "value", list)


if __name__ == "__main__":
    absltest.main()
