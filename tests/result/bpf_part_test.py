# SPDX-License-Identifier: Apache-2.0
"""What a test asked for and set from outside, in its result and its report."""

from __future__ import annotations

from dataclasses import replace

from absl.testing import absltest

from ktstr.introspect.asking.asked import Asked
from ktstr.introspect.invariants.findings import InvariantFindings
from ktstr.introspect.occasions.taken import Taken
from ktstr.introspect.snapshot.state import Dsq, Snapshot
from ktstr.model.wire.programs import Program, SchedulerPrograms
from ktstr.model.wire.state_set import StateSet
from ktstr.report.text import text_report
from tests.support import results, runs

_SET = StateSet(runs.S, 0, "kernel scx_watchdog_timeout", 7500, 500)
_PROGRAMS = (
    Program("mine_dispatch", "struct_ops", 800, 90, 500, 2, 10, 2_000_000),
    Program("mine_enqueue", "struct_ops", 700_000, 900, 5000, 0),
)


class BpfPartTest(absltest.TestCase):
    def test_nothing_was_asked_for(self) -> None:
        result = results.result(runs.good_run())
        self.assertFalse(result.HasField("bpf"))
        self.assertNotIn("BPF programs", text_report(result))

    def test_what_was_set(self) -> None:
        (each,) = results.result(runs.good_run(state_set=(_SET,))).bpf.set
        self.assertEqual(
            (each.at_ns, each.step, each.what, each.before, each.after),
            (runs.S, 0, "kernel scx_watchdog_timeout", "7500", "500"),
        )

    def test_what_is_known_of_programs(self) -> None:
        told = (SchedulerPrograms(1, "mine", _PROGRAMS), SchedulerPrograms(2, "b", (), "EPERM"))
        result = results.result(runs.good_run(programs=told))
        life, other = result.bpf.lives
        self.assertEqual((life.life, life.scheduler, other.error), (1, "mine", "EPERM"))
        self.assertEqual([each.verified_insns for each in life.programs], [800, 700_000])
        self.assertFalse(life.programs[1].HasField("run_count"))
        self.assertEqual(life.programs[0].run_count, 10)
        report = text_report(result)
        dear, cheap, lacking = report.partition("--- BPF programs ---\n")[2].splitlines()[:3]
        self.assertEqual(
            dear.strip(),
            "mine: mine_enqueue (struct_ops): 700000 steps of the verifier, 70% of its limit; 900 "
            "instructions, 5000 bytes of code",
        )
        self.assertEndsWith(cheap, "; ran 10 times, 2.000 ms; 2 calls left out, as it ran already")
        self.assertEqual(lacking.strip(), "b: EPERM")

    def test_snapshots_of_all_who_took_some_by_time(self) -> None:
        asked = Asked((Snapshot("a", 30, "6.12"), Snapshot("c", 50, "6.12")), answered=2)
        run = runs.good_run(asked=asked, snapshots=(Snapshot("b", 40, "6.12"),))
        taken = Taken((Snapshot("d", 45, "6.12", cause="x was entered", monotonic_ns=7),), "half")
        broken = InvariantFindings(first=Snapshot("e", 60, "6.12"))
        made = results.result(replace(run, taken=taken, invariants=broken))
        self.assertEqual([each.name for each in made.snapshots], ["a", "b", "d", "c", "e"])
        self.assertEqual([each.since for each in made.snapshots], ["", "a", "b", "d", "c"])

    def test_what_has_changed_since_the_one_before(self) -> None:
        empty, full = Dsq(7, "7", 0), Dsq(7, "7", 3, (1, 2, 3))
        many = tuple(Dsq(100 + number, f"{number}", 1) for number in range(60))
        snapshots = (
            Snapshot("a", 1, "6.12", dsqs=(empty,)),
            Snapshot("b", 2, "6.12", dsqs=(full,)),
            Snapshot("c", 3, "6.12", dsqs=(full, *many)),
        )
        one, two, three = results.result(runs.good_run(snapshots=snapshots)).snapshots
        self.assertEqual((one.since, list(one.changes)), ("", []))
        self.assertEqual(list(two.changes), ["DSQ 7: depth 0 -> 3", "DSQ 7: tasks [] -> [1, 2, 3]"])
        self.assertLen(three.changes, 41)
        self.assertEqual(three.changes[-1], "and 20 more")


if __name__ == "__main__":
    absltest.main()
