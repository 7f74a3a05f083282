# SPDX-License-Identifier: Apache-2.0
"""A key's bytes out of the numbers of its members."""

from __future__ import annotations

import struct

from absl.testing import absltest, parameterized

from ktstr.introspect.debugger.members import bytes_of
from ktstr.introspect.debugger.value import Value
from ktstr.introspect.kernel.btf import Btf, Kind
from ktstr.introspect.kernel.errors import UnknownName
from tests.support.btf import BtfWriter


def _types() -> tuple[Btf, dict[str, int]]:
    writer = BtfWriter()
    u8, s32, u64 = (
        writer.integer("u8", 1),
        writer.integer("s32", 4, signed=True),
        writer.integer("u64", 8),
    )
    part = writer.compound("part", 8, [("low", writer.integer("u32", 4), 0), ("high", s32, 32)])
    deep = writer.compound(
        "deep",
        32,
        [
            ("small", u8, 0),
            ("parts", writer.array(part, 2), 64),
            ("three", u8, 192, 3),
            ("five", u8, 195, 5),
        ],
    )
    either = writer.compound("either", 8, [("a", u64, 0), ("b", s32, 0)], Kind.UNION)
    many = writer.array(writer.array(u8, 4000), 4000)
    named = writer.refer(Kind.TYPEDEF, part, "part_t")
    types = {"u64": u64, "part": part, "deep": deep, "either": either, "many": many}
    return Btf(writer.data()), types | {"named": named}


class MembersTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.btf, self.types = _types()

    @parameterized.parameters(
        ("u64", (7,), struct.pack("<Q", 7)),
        ("part", (3, -3), struct.pack("<Ii", 3, -3)),
        ("named", (2**32 - 1, 5), struct.pack("<Ii", 2**32 - 1, 5)),
        (
            "deep",
            (1, 2, -3, 4, 5, 5, 21),
            struct.pack("<B7xIiIiB7x", 1, 2, -3, 4, 5, 5 | 21 << 3),
        ),
    )
    def test_numbers_in_their_order(
        self, name: str, numbers: tuple[int, ...], expected: bytes
    ) -> None:
        self.assertEqual(bytes_of(self.btf, self.types[name], numbers), expected)

    def test_it_reads_as_it_was_given(self) -> None:
        data = bytes_of(self.btf, self.types["deep"], (1, 2, -3, 4, 5, 5, 21))
        told = Value(self.btf, self.types["deep"], data).json()
        parts = [{"low": 2, "high": -3}, {"low": 4, "high": 5}]
        self.assertEqual(told, {"small": 1, "parts": parts, "three": 5, "five": 21})

    @parameterized.parameters(
        ("part", (3,), "has 2 numbers, not 1: low, high"),
        ("deep", (0,) * 6, r"not 6: small, parts\[0\].low, parts\[0\].high, parts\[1\].low"),
        ("part", (1, 2**32), "has 32 bits for high, too few for 4294967296"),
        ("part", (-(2**32), 0), "has 32 bits for low, too few for"),
        ("either", (1,), "is more than numbers at itself: give bytes"),
        ("many", (1,), "has more than 4096 parts: give bytes"),
    )
    def test_what_is_no_key(self, name: str, numbers: tuple[int, ...], words: str) -> None:
        with self.assertRaisesRegex(UnknownName, words):
            bytes_of(self.btf, self.types[name], numbers)


if __name__ == "__main__":
    absltest.main()
