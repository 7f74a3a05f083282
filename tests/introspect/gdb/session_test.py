# SPDX-License-Identifier: Apache-2.0
"""What gdb's packets get of a guest that stands."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any, cast
from unittest import mock
from xml.etree import ElementTree

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.gdb.monitor import Monitor
from ktstr.introspect.gdb.points import Kind, Point
from ktstr.introspect.gdb.registers import REGISTERS, all_of, description, one
from ktstr.introspect.gdb.resume import End, Resume
from ktstr.introspect.gdb.session import CHANGED, REFUSED, Session
from ktstr.introspect.instant.stand import Stand
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.paging import PagedMemory
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.orders import Orders, Told, Word
from ktstr.introspect.trace.clock import Keeper, Times
from tests.support.kernel_file import FileMemory

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
_KERNEL = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])
_AT = _KERNEL.symbol("schedule")
_DATA = 0xFFFF_8880_0000_1000


class SessionTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.orders = mock.create_autospec(Orders, instance=True)
        self.orders.tell.return_value = Told(0, None, 0, 2, {"rip": 2, "rsp": 3})
        self.memory = FileMemory(_KERNEL)
        self.written: list[tuple[int, bytes]] = []
        self.changed: list[str] = []
        self.session = self.of(writes=False)

    def of(self, *, writes: bool, why: Word | None = Word.BREAK, where: int = _AT) -> Session:
        monitor = Monitor(lambda stand: "stands", lambda text: f"goes to {text}", mock.Mock())
        session = Session(monitor, writes, self.changed.append)
        told = Told(1000, why, where, 2, {"rip": _AT, "rax": 0x1122, "cr3": 0, "cr4": 0})
        memory = mock.Mock(read=self.memory.read)
        memory.write = lambda address, data: self.written.append((address, data))
        session.begin(
            Stand(
                _KERNEL,
                Held("walk", 1, 1, {}, 42, self.orders),
                self.orders,
                told,
                cast(PagedMemory, memory),
                Times(Keeper.of(_KERNEL)),
            )
        )
        return session

    def ask(self, packet: str) -> Any:
        return self.session.answer(packet.encode("latin-1"))

    def test_registers_of_the_cpu_that_stands_and_of_another(self) -> None:
        whole = self.ask("g")
        self.assertStartsWith(whole, "2211000000000000" + "x" * 16)
        self.assertEqual(self.ask("p10"), _AT.to_bytes(8, "little").hex())
        self.assertEqual(self.ask("Hg1"), "OK")
        self.assertEqual(self.ask("p10"), "0200000000000000")
        self.orders.tell.assert_called_with(0)
        self.assertEqual(self.ask("Hg0"), "OK")
        self.assertEqual(self.ask("g"), whole)
        self.assertEqual(self.ask("pff"), "E16")

    def test_a_cpu_that_tells_no_page_tables_has_no_memory_of_programs(self) -> None:
        self.assertEqual(self.ask("Hg1"), "OK")
        self.assertEqual(self.ask("m401000,8"), "E0e")

    def test_threads_are_cpus(self) -> None:
        self.assertEqual(self.ask("qC"), "QC2")
        self.assertEqual((self.ask("qfThreadInfo"), self.ask("qsThreadInfo")), ("m1,2", "l"))
        self.assertEqual(
            [self.ask(f"T{number}") for number in (1, 2, 3, 0)], ["OK"] * 2 + ["E16"] * 2
        )
        self.assertEqual(self.ask("Hg3"), "E16")

    def test_memory_is_read_and_not_written(self) -> None:
        self.memory.put(_DATA, b"abcdefgh")
        self.assertEqual(self.ask(f"m{_DATA:x},4"), b"abcd".hex())
        self.assertEqual(self.ask("mffff900000000000,4"), "E0e")
        for packet in (f"M{_DATA:x},1:00", "P0=00", "G00"):
            self.assertEqual(self.ask(packet), f"E.{REFUSED}")
        self.assertEqual((self.written, self.changed), ([], [REFUSED]))

    def test_who_asked_for_it_writes_and_is_told_once(self) -> None:
        self.session = self.of(writes=True)
        for _ in range(2):
            self.assertEqual(self.ask(f"M{_DATA:x},2:0102"), "OK")
        self.assertEqual(self.written, [(_DATA, b"\x01\x02")] * 2)
        self.assertEqual(self.changed, [CHANGED])
        self.assertEqual(self.ask(f"M{_DATA:x},3:0102"), "E16")
        self.assertStartsWith(self.ask("P0=00"), "E.registers of the guest cannot be changed")

    @parameterized.parameters(
        (Word.BREAK, _AT, "T05thread:2;"),
        (Word.STEP, 0, "T05thread:2;"),
        (Word.UNTIL, 0, "T05thread:2;"),
        (Word.WATCH, 0x1000, "T05watch:1000;thread:2;"),
        (None, 0, "T05thread:2;"),
    )
    def test_why_it_stands(self, why: Word | None, where: int, said: str) -> None:
        self.session = self.of(writes=False, why=why, where=where)
        self.assertEqual(self.ask("?"), said)
        self.assertEqual(self.session.why(interrupted=True), "T02thread:2;")

    def test_at_its_own_breakpoints_it_says_so(self) -> None:
        self.ask(f"Z0,{_AT:x},1")
        self.assertEqual(self.ask("?"), "T05swbreak:;thread:2;")
        self.ask(f"z0,{_AT:x},1")
        self.ask(f"Z1,{_AT:x},1")
        self.assertEqual(self.ask("?"), "T05hwbreak:;thread:2;")

    def test_points_are_ordered_all_of_them_each_time(self) -> None:
        self.assertEqual(self.ask(f"Z0,{_AT:x},1"), "OK")
        self.assertEqual(self.ask(f"Z2,{_DATA:x},8"), "OK")
        self.assertEqual(self.ask("Z3,0,8"), "")
        self.assertStartsWith(self.ask(f"Z2,{_DATA:x},0"), "E.there is no room")
        self.session.points.order(self.orders)
        self.assertEqual(
            self.orders.mock_calls,
            [mock.call.clear(), mock.call.stop_at(_AT), mock.call.stop_behind_write(_DATA, 8)],
        )
        self.assertEqual(self.ask(f"z2,{_DATA:x},8"), "OK")
        self.assertEqual(list(self.session.points.set), [Point(Kind.BREAK, _AT, 1)])

    def test_there_is_room_for_so_many(self) -> None:
        said = [self.ask(f"Z0,{_AT + i:x},1") for i in range(65)]
        self.assertEqual(said[:-1], ["OK"] * 64)
        self.assertStartsWith(said[-1], "E.there is no room")

    @parameterized.parameters(
        ("c", Resume()),
        ("s", Resume(1)),
        ("vCont;c", Resume()),
        ("vCont;s:1;c", Resume(0)),
        ("vCont;s:2;c", Resume(1)),
        ("vCont;s", Resume(1)),
        ("bs", Resume(1, back=True)),
        ("D", End("OK")),
        ("k", End()),
        ("vKill;1", End("OK")),
    )
    def test_what_becomes_of_it(self, packet: str, expected: Resume | End) -> None:
        self.assertEqual(self.ask(packet), expected)

    def test_a_description_comes_in_pieces(self) -> None:
        pieces = []
        for start in itertools.count(0, 500):
            pieces.append(self.ask(f"qXfer:features:read:target.xml:{start:x},1f4"))
            if pieces[-1][0] == "l":
                break
        self.assertEqual("".join(each[1:] for each in pieces), description())
        self.assertEqual(self.ask("qXfer:features:read:other.xml:0,10"), "")

    def test_monitor_commands(self) -> None:
        def monitor(text: str) -> str:
            return bytes.fromhex(self.ask(f"qRcmd,{text.encode().hex()}")).decode()

        self.assertEqual(monitor("time"), "stands\n")
        self.assertEqual(monitor("goto 1.5s"), "goes to 1.5s\n")
        self.assertIn("stack [CPU]", monitor("help"))
        self.assertEqual(monitor("stack 7"), "there is no CPU 7; there are 2, from 0\n")

    @parameterized.parameters(
        "Z0,-1,1", f"Z0,{1 << 64:x},1", "Z2,0,0x8", "m-1,4", f"m{_DATA:x},-4", "p-1", "p1_0"
    )
    def test_what_is_no_number_of_64_bits(self, packet: str) -> None:
        self.assertEqual(self.ask(packet), "E16")
        self.assertEmpty(self.session.points.set)

    def test_a_cpu_that_no_guest_has_does_not_step(self) -> None:
        self.assertEqual(self.ask(f"vCont;s:{1 << 33:x}"), Resume(1))

    @given(st.binary(max_size=30))
    def test_whatever_comes_gets_an_answer(self, data: bytes) -> None:
        self.assertIsInstance(self.session.answer(data), str | Resume | End)

    @given(st.sampled_from("mMpPgGZzHTqQv"), st.text("0123456789abcdef,;:=-x", max_size=12))
    def test_whatever_begins_well_gets_an_answer(self, kind: str, rest: str) -> None:
        self.assertIsInstance(self.ask(kind + rest), str | Resume | End)


class RegistersTest(absltest.TestCase):
    def test_the_description_has_all_of_them_once_in_order(self) -> None:
        tree = ElementTree.fromstring(description().partition("?>\n")[2].partition(">\n")[2])
        found = [(each.attrib["name"], int(each.attrib["bitsize"])) for each in tree.iter("reg")]
        self.assertEqual(found, [(each.name, each.bits) for each in REGISTERS])
        numbers = [int(each.attrib["regnum"]) for each in tree.iter("reg")]
        self.assertEqual(numbers, list(range(len(REGISTERS))))

    def test_what_is_not_known_is_said_to_be(self) -> None:
        self.assertEqual(one(0, {}), "x" * 16)
        self.assertEqual(one(0, {"rax": -1}), "f" * 16)
        self.assertEqual(one(17, {"eflags": 0x246}), "46020000")
        self.assertLen(all_of({}), sum(each.bits // 4 for each in REGISTERS))


if __name__ == "__main__":
    absltest.main()
