# SPDX-License-Identifier: Apache-2.0
"""An entry that each CPU has its own of, and parts that pointers lead to."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest

from ktstr.introspect.asking.maps import Maps
from ktstr.introspect.debugger.maps import Map
from ktstr.introspect.debugger.value import Value
from ktstr.introspect.kernel.btf import Btf, Kind
from ktstr.model.errors import NoSuchName
from ktstr.model.wire.asking import ReadMap, WriteMap
from tests.support.btf import BtfWriter


class PerCpuTest(absltest.TestCase):
    def test_the_entry_is_looked_for_once(self) -> None:
        writer = BtfWriter()
        u64 = writer.integer("u64", 8)
        btf = Btf(writer.data())
        found = mock.create_autospec(Map, instance=True, per_cpu=True)
        found.addresses.return_value = [16, 32, 48]
        found.value_at.side_effect = lambda at: Value(btf, u64, at.to_bytes(8, "little"), at)
        with mock.patch.object(Maps, "_named", return_value=found):
            told = Maps(mock.Mock(), mock.Mock()).read(ReadMap("a", 7))
        self.assertEqual(told, [16, 32, 48])
        found.addresses.assert_called_once_with(7)


class ElementTest(absltest.TestCase):
    def test_a_member_of_an_element_of_an_array_of_the_programs(self) -> None:
        """`struct part { u64 low; } parts[2]`, a global."""
        writer = BtfWriter()
        part = writer.compound("part", 8, [("low", writer.integer("u64", 8), 0)])
        parts = writer.variable("parts", writer.array(part, 2))
        section = writer.section(".bss", 16, [(parts, 0, 16)])
        data = b"".join(each.to_bytes(8, "little") for each in (5, 6))
        found = mock.create_autospec(Map, instance=True, per_cpu=False, is_section=True)
        found.value.return_value = Value(Btf(writer.data()), section, data, 0x10)
        with mock.patch.object(Maps, "_named", return_value=found):
            maps = Maps(mock.Mock(), mock.Mock())
            self.assertEqual(maps.read(ReadMap(".bss", 0, "parts[1].low")), 6)
            self.assertEqual(maps.read(ReadMap(".bss", 0, "parts[1]")), {"low": 6})


class PointerTest(absltest.TestCase):
    """A variable `first` that points to `struct piece { u64 value; }` in an arena."""

    def setUp(self) -> None:
        super().setUp()
        writer = BtfWriter()
        u64 = writer.integer("u64", 8)
        piece = writer.compound("piece", 8, [("value", u64, 0)])
        pointer = writer.refer(Kind.PTR, piece)
        section = writer.section(".bss", 8, [(writer.variable("first", pointer), 0, 8)])
        bss = Value(Btf(writer.data()), section, (0x4000).to_bytes(8, "little"), 0x10)
        found = mock.create_autospec(Map, instance=True, per_cpu=False, is_section=True)
        found.value.return_value = bss
        arena = mock.create_autospec(Map, instance=True)
        arena.in_arena.side_effect = lambda at: at + 0x100
        self.memory = mock.Mock()
        self.memory.read.side_effect = lambda at, size: {
            (0x4100, 8): (11).to_bytes(8, "little"),
        }[at, size]
        self.maps = Maps(mock.Mock(), self.memory)
        self.enterContext(mock.patch.object(Maps, "_named", return_value=found))
        self.enterContext(mock.patch.object(Maps, "_arenas", return_value=[arena]))

    def test_what_it_leads_to_is_read(self) -> None:
        self.assertEqual(self.maps.read(ReadMap(".bss", 0, "first.value")), 11)
        self.assertEqual(self.maps.read(ReadMap(".bss", 0, "first[0]")), {"value": 11})
        self.assertEqual(self.maps.read(ReadMap(".bss", 0, "first")), "0x4000")

    def test_what_it_leads_to_is_set(self) -> None:
        before = self.maps.write(WriteMap(".bss", 0, "first.value", 12))
        self.assertEqual(before, 11)
        self.memory.write.assert_called_once_with(0x4100, (12).to_bytes(8, "little"))

    def test_a_member_that_there_is_not_is_named(self) -> None:
        words = r"\.bss\[0\]: piece has no member 'valu' .did you mean 'value'"
        with self.assertRaisesRegex(NoSuchName, words):
            self.maps.read(ReadMap(".bss", 0, "first.valu"))


if __name__ == "__main__":
    absltest.main()
