# SPDX-License-Identifier: Apache-2.0
"""What is watched for a test's snapshots, in a real kernel, and what comes of a wrong name."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.introspect.invariants.compiler import compile_predicate
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.occasions import part
from ktstr.introspect.occasions.number import condition, number_of
from ktstr.introspect.occasions.part import Snapshots
from ktstr.introspect.occasions.taken import Taken
from ktstr.introspect.plugin.part import Looked
from ktstr.judge.run.snapshots import snapshot_remarks, snapshots
from ktstr.model.errors import UsageError
from ktstr.model.scenario.inside import Changed, Entered, Snapshot
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.verdict.relations import it
from tests.support import runs

_FILES = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}


class PartTest(parameterized.TestCase):
    kernel: Kernel

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.kernel = Kernel.open(_FILES["vmlinux"], _FILES["vmlinux.index"])

    @parameterized.parameters(
        (Changed("jiffies_64"), 8, False, None),
        (Changed("jiffies"), 8, False, None),
        (Changed("scx_ops_enable_state_var"), 4, False, None),
        (Changed("init_task.prio"), 4, True, None),
        (Changed("init_task.se.avg.util_avg"), 8, False, None),
        (Changed("runqueues.nr_running", cpu=1), 4, False, 1),
    )
    def test_numbers(self, changed: Changed, size: int, signed: bool, cpu: int | None) -> None:
        found = number_of(self.kernel, changed)
        self.assertEqual((found.field.size, found.field.signed, found.cpu), (size, signed, cpu))
        # the language has it
        compile_predicate(f"{found.expression()} == 1", self.kernel)

    def test_a_number_is_taken_out_of_its_word(self) -> None:
        found = number_of(self.kernel, Changed("init_task.prio"))
        offset = self.kernel.field("task_struct", "prio").offset
        self.assertEqual(
            found.expression(),
            f'(((word(symbol("init_task") + {offset}) >> 0 & 4294967295) ^ 2147483648) - '
            f"2147483648)",
        )

    @parameterized.parameters(
        (Changed("runqueues.nr_running"), "is a variable that each CPU has: say whose"),
        (Changed("jiffies_64", cpu=0), "is one variable for all CPUs: ask without `cpu`"),
        (Changed("init_task.comm"), "init_task.comm has 16 bytes and is no number"),
        (Changed("init_task.pri0"), r"task_struct has no field 'pri0' .did you mean 'prio'"),
        (Changed("jiffie"), "has no symbol 'jiffie' .did you mean 'jiffies'"),
        (Changed("scx_exit_kind.x"), "does not say what 'scx_exit_kind' is"),
    )
    def test_what_is_no_number(self, changed: Changed, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            number_of(self.kernel, changed)

    def test_relations_as_expressions(self) -> None:
        self.assertEqual(condition(it.at_least(3), "x"), "(x >= 3)")
        self.assertEqual(condition(it.between(1, 2), "x"), "(1 <= x and x <= 2)")
        self.assertEqual(condition(it.near(5, 2), "x"), "(5 - 2 <= x and x <= 5 + 2)")
        self.assertEqual(
            condition(it.any_of(it.equals(-1), it.above(7)), "x"), "((x == -1) or (x > 7))"
        )

    def test_probes_of_all_kinds(self) -> None:
        declared = (
            Snapshot("a", every=0.01),
            Snapshot("b", when=Entered("scx_ops_bypass", times=3), most=2),
            Snapshot("c", when=Changed("jiffies_64", it.above(9))),
            Snapshot("d", when=Changed("runqueues.nr_running", cpu=1)),
        )
        wanted = Snapshots(declared).look(self.kernel, runs.plan(), 2).wanted
        probes = {each.name: each for each in wanted.probes}
        self.assertTrue(probes["phase"].marks)
        tick = probes["0@task_tick_fair"]
        assert tick.period is not None
        # in jiffies, up: 10 ms are two and a half
        self.assertEqual((tick.period.least, tick.limit, tick.hold), (3, 8, True))
        self.assertEqual(tick.period, probes["0@task_tick_idle"].period)
        entered = probes["1@scx_ops_bypass"]
        self.assertEqual((entered.skip, entered.limit, entered.phases), (2, 2, (1, 3)))
        self.assertEqual(probes["2@jiffies_64"].predicates, (1,))
        self.assertLen(wanted.predicates, 2)
        changes = probes["3@runqueues.nr_running"]
        self.assertEqual((changes.changes, changes.area, changes.predicates), (True, 1, ()))

    @parameterized.parameters(
        (0.001, 1_000_000, 1), (0.01, 1_000_000, 10), (0.1, 10_000_000, 10), (0.01, 3_333_333, 4)
    )
    def test_periods_are_of_the_ticks_of_the_kernel(
        self, every: float, tick: int, jiffies: int
    ) -> None:
        with mock.patch.object(part, "tick_ns", return_value=tick):
            look = Snapshots((Snapshot("a", every=every),)).look(self.kernel, runs.plan(), 2)
        (period,) = {each.period for each in look.wanted.probes if each.period}
        self.assertEqual(period.least, jiffies)

    def test_a_period_of_less_than_a_tick_is_the_authors_mistake(self) -> None:
        look = Snapshots((Snapshot("a", every=0.002),)).look(self.kernel, runs.plan(), 2)
        self.assertRegex(
            look.mistake,
            "snapshot 'a': every=0.002 is less than a tick of kernel .*, which takes 0.004 s; give",
        )

    def test_a_wrong_name_is_the_authors_mistake(self) -> None:
        declared = (Snapshot("a", when=Entered("scx_ops_bypas")),)
        look = Snapshots(declared).look(self.kernel, runs.plan(), 2)
        self.assertEmpty(look.wanted.probes)
        taken = look.made(Looked())
        self.assertTrue(taken.mistaken)
        (detail,) = snapshots(runs.good_run(taken=taken))
        self.assertEqual((detail.kind, detail.verdict), (Kind.USAGE, Verdict.INCONCLUSIVE))
        self.assertRegex(detail.message, "^snapshot 'a': kernel .*did you mean 'scx_ops_bypass'")

    def test_where_nobody_can_look_it_is_a_remark(self) -> None:
        run = runs.good_run(taken=Snapshots(()).without("no plugin"))
        self.assertEqual(run.taken, Taken(problem="no plugin"))
        self.assertEmpty(snapshots(run))
        self.assertEqual(
            list(snapshot_remarks(run)), ["not all of the test's snapshots were taken: no plugin"]
        )


if __name__ == "__main__":
    absltest.main()
