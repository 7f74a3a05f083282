# SPDX-License-Identifier: Apache-2.0
"""Values by types that are written by hand, right ones and corrupt ones."""

from __future__ import annotations

import json
import struct

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.introspect.debugger.value import Value, simple, variable, variables
from ktstr.introspect.kernel.btf import Btf, Kind
from ktstr.introspect.kernel.errors import BtfError, UnknownName
from ktstr.introspect.memory.memory import MemoryFault
from tests.support.btf import BtfWriter

_AT = 0xFFFF_8880_0000_1000
_DATA = struct.pack("<iIQ8sII", -3, 7, 0xFFFF, b"fifo", 1, 2) + bytes([0b1011, 1])


def _types() -> tuple[bytes, int, int]:
    """Types, and the numbers of `struct state` and of a section with two of its kind."""
    writer = BtfWriter()
    i32, u32 = writer.integer("int", 4, signed=True), writer.integer("unsigned int", 4)
    pointer = writer.refer(Kind.PTR, 0)
    text = writer.array(writer.integer("char", 1, signed=True), 8)
    colour = writer.enum("colour", {"RED": 0, "GREEN": 7})
    pair = writer.array(u32, 2)
    nameless = writer.compound("", 8, [("pair", pair, 0), ("low", u32, 0)], Kind.UNION)
    state = writer.compound(
        "state",
        34,
        [
            ("below", i32, 0),
            ("colour", colour, 32),
            ("next", pointer, 64),
            ("name", text, 128),
            ("", nameless, 192),
            ("bits", writer.integer("unsigned char", 1), 256, 3),
            ("five", writer.integer("unsigned char", 1), 259, 5),
            ("on", writer.integer("_Bool", 1, boolean=True), 264),
        ],
    )
    names = [(writer.variable("first", state), 0, 34), (writer.variable("count", u32), 36, 4)]
    section = writer.section(".bss", 40, names)
    return writer.data(), state, section


class _Memory:
    """So many bytes at _AT."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)

    def read(self, address: int, size: int) -> bytes:
        if not _AT <= address <= _AT + len(self.data) - size:
            raise MemoryFault("read", address, size, "not there")
        return bytes(self.data[address - _AT : address - _AT + size])

    def write(self, address: int, data: bytes) -> None:
        self.data[address - _AT : address - _AT + len(data)] = data


class ValueTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        data, self.state, self.section = _types()
        self.btf = Btf(data)
        self.value = Value(self.btf, self.state, _DATA, _AT)

    def test_numbers_text_and_parts(self) -> None:
        value = self.value
        self.assertEqual((value.below, value.colour, value.next), (-3, 7, 0xFFFF))
        self.assertEqual(value.name, "fifo")
        self.assertEqual((value.pair[1], value.low, value["pair[0]"]), (2, 1, 1))
        self.assertEqual((value.bits, value.five), (3, 1))
        self.assertIs(value.on, True)

    def test_as_json_and_as_text(self) -> None:
        expected = {
            "below": -3, "colour": "GREEN", "next": "0xffff", "name": "fifo", "pair": [1, 2],
            "low": 1, "bits": 3, "five": 1, "on": True,
        }  # fmt: skip
        self.assertEqual(self.value.json(), expected)
        self.assertEqual(
            self.value.text(),
            "below: -3\ncolour: GREEN\nnext: 0xffff\nname: fifo\npair:\n    [0]: 1\n    [1]: 2\n"
            "low: 1\nbits: 3\nfive: 1\non: True",
        )

    def test_what_is_no_text_stays_an_array(self) -> None:
        data = _DATA[:16] + b"a\0b\0\xff\0\0\0" + _DATA[24:]
        self.assertEqual(
            Value(self.btf, self.state, data).json()["name"], [97, 0, 98, 0, -1, 0, 0, 0]
        )

    def test_variables_of_a_section(self) -> None:
        section = Value(self.btf, self.section, _DATA + bytes(2) + b"\5\0\0\0", _AT)
        self.assertEqual([name for name, _ in variables(section)], ["first", "count"])
        count = variable(section, "count")
        assert count is not None
        self.assertEqual((simple(count), count.address), (5, _AT + 36))
        self.assertIsNone(variable(section, "counts"))
        self.assertEqual(section.json()["count"], 5)

    def test_what_there_is_not(self) -> None:
        with self.assertRaisesRegex(
            UnknownName, r"^state has no member 'belw' \(did you mean 'below'\?\)$"
        ):
            _ = self.value.belw
        with self.assertRaisesRegex(UnknownName, "array has no member '\\[2\\]'"):
            _ = self.value.pair[2]
        with self.assertRaisesRegex(BtfError, "a member at 16 of 8 bytes: only 20 are there"):
            _ = Value(self.btf, self.state, _DATA[:20]).name

    def test_writing(self) -> None:
        memory = _Memory(_DATA)
        for path, number in (("below", -9), ("five", 31), ("pair[1]", 0xFFFFFFFF), ("on", 0)):
            self.value.write(memory, path, number)
        written = Value(self.btf, self.state, bytes(memory.data))
        self.assertEqual((written.below, written.five, written.bits), (-9, 31, 3))
        self.assertEqual((written.pair[1], written.on, written.colour), (0xFFFFFFFF, False, 7))
        with self.assertRaisesRegex(UnknownName, "32 does not fit into the 5 bits of 'five'"):
            self.value.write(memory, "five", 32)
        with self.assertRaisesRegex(UnknownName, "'name' is no number: array"):
            self.value.write(memory, "name", 1)

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_corrupt_types_end_in_an_error_or_an_answer(self, data: st.DataObject) -> None:
        raw = bytearray(_types()[0])
        for _ in range(data.draw(st.integers(1, 6))):
            raw[data.draw(st.integers(24, len(raw) - 1))] = data.draw(st.integers(0, 255))
        try:
            value = Value(Btf(bytes(raw)), self.section, _DATA + bytes(6))
            self.assertLess(len(json.dumps(value.json())), 1 << 20)
        except BtfError:
            return


if __name__ == "__main__":
    absltest.main()
