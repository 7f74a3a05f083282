# SPDX-License-Identifier: Apache-2.0
"""Several parts share one watch, and each gets what is its own."""

from dataclasses import replace

from absl.testing import absltest

from ktstr.introspect.plugin.combined import Combined
from ktstr.introspect.plugin.hold import CHANNEL_CLOSED, Held
from ktstr.introspect.plugin.part import Wanted
from ktstr.introspect.plugin.records import (
    Failed,
    PredicateCount,
    ProbeCount,
    Record,
    Row,
    State,
)
from ktstr.introspect.plugin.watch import Probe, Read
from tests.introspect.plugin import streams

_TICK = Probe("tick", streams.TEXT, streams.TEXT + 9)
_PICK = Probe("pick", streams.TEXT, streams.TEXT + 9, predicates=(1,))


class CombinedTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.held: list[Held] = []
        wanted = {
            "monitor": Wanted((_TICK,), (b"one",)),
            "invariants": Wanted((_PICK, _TICK), (b"two", b"three"), self.held.append),
        }
        self.combined = Combined.of(wanted, 2, streams.KERNEL)

    def test_a_channel_that_was_closed_to_let_a_guest_go_is_no_problem(self) -> None:
        for reason, let_go, problem in (
            (CHANNEL_CLOSED, True, ""),
            (CHANNEL_CLOSED, False, CHANNEL_CLOSED),
            ("holds: no", True, "holds: no"),
        ):
            whole = streams.stream(self.combined.watch, reason=reason)
            seen, looked = self.combined.looked(whole, let_go=let_go)
            self.assertEqual((seen.reason, looked["invariants"].problem), (problem, problem))

    def test_names_and_numbers_are_those_of_the_whole(self) -> None:
        watch = self.combined.watch
        names = [probe.name for probe in watch.probes]
        self.assertEqual(names, ["monitor/tick", "invariants/pick", "invariants/tick"])
        self.assertEqual(watch.predicates, (b"one", b"two", b"three"))
        self.assertEqual(watch.probes[1].predicates, (2,))

    def test_each_gets_its_own(self) -> None:
        failed = (Failed(2, (5, 6)),)
        whole = streams.stream(
            self.combined.watch,
            Record("monitor/tick", 0, 1),
            Record("invariants/pick", 1, 2, failed=failed),
        )
        seen, looked = self.combined.looked(whole)
        self.assertIs(seen.state, State.ENDED)
        self.assertEqual(looked["monitor"].records, (Record("tick", 0, 1),))
        self.assertEqual(looked["monitor"].probes, {"tick": ProbeCount(10, 1)})
        self.assertLen(looked["monitor"].predicates, 1)
        (record,) = looked["invariants"].records
        self.assertEqual(record, Record("pick", 1, 2, failed=(Failed(1, (5, 6)),)))
        self.assertEqual(looked["invariants"].predicates, (PredicateCount(7, 3, 2, 1),) * 2)
        self.assertEqual(looked["monitor"].problem, "")

    def test_rows_are_the_runs_of_those_who_want_them(self) -> None:
        read = replace(_TICK, reads=(Read("now", (), 8), Read("rdi", (0,), 4)), yields=True)
        wanted = {
            "monitor": Wanted((_TICK,)),
            "decisions": Wanted((read,), room=1 << 20, rows=True),
        }
        combined = Combined.of(wanted, 2, streams.KERNEL)
        self.assertEqual(combined.watch.most_bytes - combined.watch.reserve, 1 << 20)
        whole = streams.stream(
            combined.watch,
            Record("decisions/tick", 1, 1, (b"12345678", b"abcd")),
            Record("monitor/tick", 0, 1),
        )
        _, looked = combined.looked(whole)
        self.assertEqual(list(looked["decisions"].rows), [Row("tick", 1, b"12345678abcd")])
        self.assertEqual(looked["decisions"].records, ())
        self.assertEqual(looked["monitor"].rows, ())
        self.assertLen(looked["monitor"].records, 1)
        cut = bytearray(whole)
        cut[len(whole) - 80] = 40
        self.assertIn(
            "cannot be read to its end", combined.looked(bytes(cut))[1]["monitor"].problem
        )

    def test_a_problem_is_everybodys(self) -> None:
        whole = streams.stream(self.combined.watch, Record("monitor/tick", 0, 1), lost=2)
        held = streams.stream(self.combined.watch, lost=1, reason="holds: no")
        for broken, problem in (
            (held, "holds: no; QEMU's plugin had no room for 1 records"),
            (whole, "QEMU's plugin had no room for 2 records"),
            (b"", "QEMU's plugin never began to watch; qemu.log may say why"),
            (b"x" * 300, "what QEMU's plugin wrote cannot be read: the plugin's memory begins"),
            (whole[:-8], "what QEMU's plugin wrote cannot be read to its end: records from"),
            (
                streams.header(self.combined.watch, streams.REFUSED, 0, reason="no room"),
                "QEMU's plugin refused what it was told: no room",
            ),
        ):
            seen, looked = self.combined.looked(broken)
            self.assertStartsWith(looked["monitor"].problem, problem)
            self.assertEqual(looked["monitor"].problem, looked["invariants"].problem)
            self.assertNotEmpty(seen.reason)

    def test_who_holds_is_called_by_its_own_names(self) -> None:
        self.assertIsNone(self.combined.channel())
        hold = Wanted((replace(_PICK, predicates=(), hold=True),), (), self.held.append)
        combined = Combined.of({"ask": hold}, 1, streams.KERNEL)
        channel = combined.channel()
        assert channel is not None
        self.addCleanup(channel.close)
        channel._meanwhile(Held("ask/pick", 0, 1, {}, 1))
        self.assertEqual([each.probe for each in self.held], ["pick"])


if __name__ == "__main__":
    absltest.main()
