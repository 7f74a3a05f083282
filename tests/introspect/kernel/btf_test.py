# SPDX-License-Identifier: Apache-2.0
"""Types written by hand, right ones and corrupt ones."""

from __future__ import annotations

import ctypes
import struct
from typing import Any

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.kernel.btf import Btf, Kind
from ktstr.introspect.kernel.errors import BtfError
from ktstr.introspect.kernel.layout import Field, field_of, member_names, place_of, steps_of
from tests.support.btf import BtfWriter

_SIZES = {1: ctypes.c_uint8, 2: ctypes.c_uint16, 4: ctypes.c_uint32, 8: ctypes.c_uint64}


def _example() -> tuple[BtfWriter, int]:
    """A bit of everything; the number is that of `struct outer`."""
    writer = BtfWriter()
    u32 = writer.integer("unsigned int", 4)
    s64 = writer.integer("long int", 8, signed=True)
    pointer = writer.refer(Kind.PTR, 0)
    inner = writer.compound("inner", 16, [("a", u32, 0), ("b", s64, 64)])
    name = writer.refer(Kind.TYPEDEF, inner, "inner_t")
    frozen = writer.refer(Kind.CONST, name)
    row = writer.array(frozen, 3)
    table = writer.array(row, 2)
    nameless = writer.compound("", 8, [("low", u32, 0), ("whole", s64, 0)], Kind.UNION)
    deeper = writer.compound("", 16, [("", nameless, 0), ("last", pointer, 64)])
    writer.enum("colour", {"RED": 0, "GREEN": 7})
    writer.enum("deep", {"LOW": -1, "HIGH": 1 << 40}, size=8)
    outer = writer.compound(
        "outer",
        136,
        [
            ("table", table, 0),
            ("", deeper, 8 * 96),
            ("one", u32, 8 * 112, 1),
            ("three", u32, 8 * 112 + 1, 3),
            ("rest", s64, 8 * 120 + 4, 40),
            ("tail", writer.array(u32, 0), 8 * 136),
        ],
    )
    section = [(writer.variable("counter", u32), 64, 4)]
    writer.section(".data..percpu", 4096, section)
    return writer, outer


def _field(btf: Btf, struct_number: int, path: str) -> Field | None:
    steps = steps_of(path)
    place = place_of(btf, struct_number, steps) if steps else None
    return None if place is None else field_of(btf, place)


class LayoutTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        writer, self.outer = _example()
        self.btf = Btf(writer.data())

    def test_members_arrays_and_anonymous_ones(self) -> None:
        for path, expected in {
            "table": Field(0, 96),
            "table[1]": Field(48, 48),
            "table[1][2].b": Field(88, 8, signed=True),
            "table[0][1].a": Field(16, 4),
            "low": Field(96, 4),
            "whole": Field(96, 8, signed=True),
            "last": Field(104, 8),
            "tail[5]": Field(156, 4),
        }.items():
            with self.subTest(path):
                self.assertEqual(_field(self.btf, self.outer, path), expected)

    def test_bit_fields_lie_in_their_types_unit(self) -> None:
        one = _field(self.btf, self.outer, "one")
        three = _field(self.btf, self.outer, "three")
        rest = _field(self.btf, self.outer, "rest")
        self.assertEqual(one, Field(112, 4, False, 0, 1))
        self.assertEqual(three, Field(112, 4, False, 1, 3))
        self.assertEqual(rest, Field(120, 8, True, 4, 40))
        data = bytearray(136)
        data[112] = 0b1011
        data[120:128] = ((1 << 40) - 2 << 4 | 0xF << 44 | 0xF).to_bytes(8, "little")
        assert one and three and rest
        self.assertEqual([each.value(bytes(data)) for each in (one, three, rest)], [1, 5, -2])

    def test_a_bit_field_across_units_gets_the_bytes_that_it_touches(self) -> None:
        writer = BtfWriter()
        u32 = writer.integer("unsigned int", 4)
        packed = writer.compound("packed", 5, [("a", u32, 0, 30), ("b", u32, 30, 10)])
        field = _field(Btf(writer.data()), packed, "b")
        assert field
        self.assertEqual(field, Field(3, 2, False, 6, 10))
        self.assertEqual(field.value(bytes([0, 0, 0, 0xC0, 0xFF])), 1023)

    def test_what_leads_nowhere(self) -> None:
        for path in (
            "tabel", "table.a", "table[2]", "table[0][3]", "low.a", "one[0]", "", ".", "a..b",
            ".low", "[0]", "low ", "table[-1]", "table[0", "table0]", "last.x",
        ):  # fmt: skip
            with self.subTest(path):
                self.assertIsNone(_field(self.btf, self.outer, path))

    def test_names_of_members_for_near_ones(self) -> None:
        names = member_names(self.btf, self.btf.type(self.outer))
        self.assertContainsSubset({"table", "low", "last", "three"}, names)

    def test_a_value_needs_all_of_its_bytes(self) -> None:
        with self.assertRaisesRegex(BtfError, "a field at 4 of 4 bytes: only 2 are there"):
            Field(4, 4).value(bytes(6))

    def test_a_type_of_more_members_than_sixteen_bits_count(self) -> None:
        writer = BtfWriter()
        u32 = writer.integer("unsigned int", 4)
        members = [(f"m{i}", u32, 32 * i) for i in range(70_000)]
        number = writer.compound("large", 4 * 70_000, members)
        behind = writer.compound("behind", 4, [("a", u32, 0)])
        btf = Btf(writer.data())
        self.assertEqual(_field(btf, number, "m69999"), Field(4 * 69_999, 4))
        self.assertEqual(btf.type(behind).name, "behind")

    def test_enums_of_both_sizes_and_signs(self) -> None:
        values = {
            self.btf.head(number)[1]: self.btf.type(number).values
            for number in self.btf.numbers()
            if self.btf.head(number)[0] in (Kind.ENUM, Kind.ENUM64)
        }
        self.assertEqual(values["colour"], (("RED", 0), ("GREEN", 7)))
        self.assertEqual(values["deep"], (("LOW", -1), ("HIGH", 1 << 40)))

    @given(st.lists(st.sampled_from(sorted(_SIZES)), min_size=1, max_size=12))
    def test_offsets_are_those_of_c(self, sizes: list[int]) -> None:
        fields: list[Any] = [(f"m{i}", _SIZES[size]) for i, size in enumerate(sizes)]
        reference = type("S", (ctypes.Structure,), {"_fields_": fields})
        writer = BtfWriter()
        of = {size: writer.integer(f"u{size}", size) for size in _SIZES}
        members = [
            (f"m{i}", of[size], 8 * getattr(reference, f"m{i}").offset)
            for i, size in enumerate(sizes)
        ]
        number = writer.compound("s", ctypes.sizeof(reference), members)
        array = writer.array(number, 4)
        holder = writer.compound("holder", 4 * ctypes.sizeof(reference), [("all", array, 0)])
        btf = Btf(writer.data())
        for i, size in enumerate(sizes):
            offset = 3 * ctypes.sizeof(reference) + getattr(reference, f"m{i}").offset
            self.assertEqual(_field(btf, holder, f"all[3].m{i}"), Field(offset, size))


class CorruptTest(absltest.TestCase):
    def test_circles_end(self) -> None:
        writer = BtfWriter()
        writer.refer(Kind.TYPEDEF, 2, "a")
        writer.refer(Kind.CONST, 1)
        with self.assertRaisesRegex(BtfError, "type 1: more than 64 names for one type; a circle"):
            Btf(writer.data()).resolve(1)
        writer = BtfWriter()
        writer.array(1, 2)
        with self.assertRaisesRegex(BtfError, "type 1: an array that contains itself"):
            Btf(writer.data()).size(1)
        writer = BtfWriter()
        writer.compound("s", 8, [("", 1, 0), ("", 1, 0)])
        with self.assertRaisesRegex(BtfError, "type 1: .* anonymous members"):
            place_of(Btf(writer.data()), 1, ["x"])

    def test_numbers_and_names_outside(self) -> None:
        writer = BtfWriter()
        writer.refer(Kind.TYPEDEF, 9, "a")
        with self.assertRaisesRegex(BtfError, "there is no type 9; the last one is 1"):
            Btf(writer.data()).resolve(1)
        data = bytearray(writer.data())
        struct.pack_into("<I", data, 24, 4000)
        with self.assertRaisesRegex(BtfError, "a name at 4000 lies outside of the 3 bytes"):
            Btf(bytes(data)).type(1)

    def test_what_is_no_btf(self) -> None:
        good = BtfWriter().data()
        for data, message in (
            (b"", "0 bytes are less than its header has"),
            (bytes(24), "begins with 0x0, version 0"),
            (good[:-1], "cut short: its header tells of more than 24 bytes"),
        ):
            with self.subTest(message), self.assertRaisesRegex(BtfError, message):
                Btf(data)

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_corrupt_types_end_in_an_error_or_an_answer(self, data: st.DataObject) -> None:
        writer, outer = _example()
        raw = bytearray(writer.data())
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.integers(0, len(raw) - 1))
            raw[at] = data.draw(st.integers(0, 255))
        raw = raw[: data.draw(st.sampled_from([len(raw), len(raw) - 3, 40]))]
        try:
            btf = Btf(bytes(raw))
        except BtfError:
            return
        for path in ("table[1][2].b", "low", "rest", "tail[5]", "x"):
            try:
                field = _field(btf, outer, path)
                self.assertTrue(field is None or field.offset >= 0)
            except BtfError:
                continue
        for number in btf.numbers():
            try:
                self.assertGreaterEqual(btf.size(number), 0)
                member_names(btf, btf.type(number))
            except BtfError:
                continue


if __name__ == "__main__":
    absltest.main()
