# SPDX-License-Identifier: Apache-2.0
"""What the plugin is told for a real kernel, and what is made of what it saw."""

from __future__ import annotations

import struct
import sys
from dataclasses import replace
from unittest import mock

from absl.testing import absltest

from ktstr.introspect.invariants.findings import Counted, Term
from ktstr.introspect.invariants.library.all import INVARIANTS
from ktstr.introspect.invariants.part import InvariantLook, Invariants
from ktstr.introspect.invariants.plan import PROVEN, is_proven, version_of
from ktstr.introspect.invariants.program import Program
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin import part
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.records import Failed, PredicateCount, Record
from ktstr.introspect.postmortem import held as taking
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import Checks
from tests.introspect.invariants.kernels import kernel
from tests.support import runs

_CPUS = 2


class PartTest(absltest.TestCase):
    kernel: Kernel
    look: InvariantLook

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = kernel()
        cls.look = Invariants().look(cls.kernel, runs.plan(), _CPUS)

    def test_each_program_is_evaluated_at_its_instant(self) -> None:
        wanted, looked = self.look.wanted, self.look.plan.looked
        self.assertLen(wanted.predicates, len(looked))
        evaluated = [number for probe in wanted.probes for number in probe.predicates]
        self.assertCountEqual(evaluated, range(len(looked)))
        for probe in wanted.probes:
            for number in probe.predicates:
                self.assertEqual(looked[number].instant.name, probe.name)
                where = self.kernel.symbol_range(looked[number].function)
                self.assertEqual((probe.address, probe.end), (where.start, where.stop))
                self.assertEqual(Program.decode(wanted.predicates[number]), looked[number].program)

    def test_counts_are_of_each_invariant_over_its_instants(self) -> None:
        looked = self.look.plan.looked
        seen = part.Looked(predicates=(PredicateCount(3, 1, 2, 5),) * len(looked))
        found = self.look.made(seen)
        times = sum(each.invariant.name == "rq-nr-running" for each in looked)
        self.assertGreater(times, 5)
        self.assertIn(Counted("rq-nr-running", 3 * times, times, 2 * times), found.counted)
        self.assertEqual(found.looks, 4 * len(looked))
        self.assertEqual(found.problem, "")
        self.assertTrue(found.proven)
        self.assertIn("uclamp-task", [each.name for each in found.lacked])

    def test_the_guest_is_held_where_the_first_is_broken(self) -> None:
        judged = runs.plan(checks=Checks(invariants=True))
        one, other = (Invariants().look(self.kernel, judged, _CPUS) for _ in range(2))
        self.assertTrue(all(probe.hold for probe in one.wanted.probes))
        found = Snapshot("", 5, "6.12")
        held = Held("switched", 1, 7, {}, 99)
        with mock.patch.object(taking, "taken_while_held", return_value=found) as taken:
            one.held(held)
            one.held(replace(held, cpu=0))
        taken.assert_called_once()
        first = one.made(part.Looked()).first
        assert first is not None
        self.assertEqual(first.name, "first-broken-invariant")
        self.assertEqual(first.cause, "an invariant is broken at switched, on CPU 1")
        # a target's tests share what is looked at, and each has its own
        self.assertIsNone(other.made(part.Looked()).first)

    def test_it_is_not_held_where_nobody_judges_by_them(self) -> None:
        off = runs.plan(checks=Checks(invariants=False))
        look = Invariants().look(self.kernel, off, _CPUS)
        self.assertFalse(any(probe.hold for probe in look.wanted.probes))

    def test_a_failure_says_where_when_and_why(self) -> None:
        looked = self.look.plan.looked
        number, one = next(
            (number, each)
            for number, each in enumerate(looked)
            if each.invariant.name == "rq-nr-running-bounded" and each.instant.name == "switched"
        )
        clocks = tuple(struct.pack("<Q", 100 + cpu) for cpu in range(_CPUS))
        names = (b"swapper/0".ljust(16, b"\0"), b"w0.\xff".ljust(16, b"\0"))
        numbers = tuple(struct.pack("<i", 7 + cpu) for cpu in range(_CPUS))
        terms = tuple(range(len(one.terms)))
        record = Record(
            one.instant.name, 1, 5, (*clocks, *names, *numbers), failed=(Failed(number, terms),)
        )
        (broken,) = self.look.made(part.Looked((record,))).broken
        self.assertEqual(broken.name, "rq-nr-running-bounded")
        self.assertEqual(broken.instant, f"entry of {one.function}")
        self.assertEqual(
            (broken.cpu, broken.clock_ns, broken.task, broken.pid), (1, 101, "w0.�", 8)
        )
        self.assertEqual(broken.terms[0], Term("rq.nr_running", 0))
        self.assertFalse(broken.of_scheduler)

    def test_without_a_plugin_there_is_the_reason(self) -> None:
        found = Invariants().without("this is one under kvm")
        self.assertEqual((found.looks, found.problem), (0, "this is one under kvm"))

    def test_versions(self) -> None:
        self.assertEqual(version_of("6.12.107-ktstr"), (6, 12))
        self.assertTrue(is_proven("6.12.1"))
        self.assertTrue(is_proven("7.2.12"))
        self.assertFalse(is_proven("7.1.0-rc1"))
        with self.assertRaisesRegex(UsageError, "does not begin with two numbers"):
            version_of("linux")
        for version in (*PROVEN, (6, 17), (7, 2), (7, 3)):
            names = [each.name for each in INVARIANTS if each.is_of(version)]
            self.assertCountEqual(names, set(names))
            self.assertGreater(len(names), 100)


if __name__ == "__main__":
    absltest.main(argv=sys.argv)
