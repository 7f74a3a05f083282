# SPDX-License-Identifier: Apache-2.0
"""Ops and conditions about the state of kernel and scheduler: what is refused before a boot."""

from __future__ import annotations

from absl.testing import absltest, parameterized

import ktstr
from ktstr import (
    CgroupDef,
    Changed,
    DetachScheduler,
    Entered,
    KernelValue,
    MapValue,
    Scenario,
    SetKernel,
    SetMap,
    Snapshot,
    Step,
    Until,
    WaitFor,
    it,
)
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.inside import InsideCondition, InsideOp
from ktstr.model.scenario.scenario import Op
from ktstr.model.validation.inside import check_snapshots
from ktstr.model.validation.validate import check_scenario, check_types
from ktstr.model.verdict.claims import Relation

_VIEW = TopologyView.of(Topology.parse("1n1l2c1t"))
_OWN = SchedulerPlan("own", ("/s/own",), "own_ops", control=False)


def _check(*ops: Op, scheduler: SchedulerPlan | None = _OWN) -> None:
    scenario = Scenario((Step((CgroupDef("a"),), ops),))
    check_types(scenario)
    check_scenario(scenario, _VIEW, 2, scheduler)


class InsideTest(parameterized.TestCase):
    def test_what_can_be_asked_for(self) -> None:
        _check(
            Snapshot("before-2.a"),
            SetKernel("scx_watchdog_timeout", 500),
            SetKernel("runqueues.nr_running", 0, cpu=1),
            SetMap("cpu_ctx", 3, "queue.depth[2]", -1, cpu=0),
            SetMap(".bss", 0, "nr_queued", 2**64 - 1),
            SetMap("by_part", (3, -3), "", 1),
            WaitFor(MapValue("stats", 0, "", it.at_least(3)), 1.0),
            WaitFor(KernelValue("jiffies", it.any_of(it.above(3), it.equals(1))), 1.0),
        )

    @parameterized.parameters(
        (Snapshot(""), "'' is no name of a snapshot"),
        (
            Snapshot("a", every=0.1),
            "snapshot 'a' says when it is to be taken, and an op is of one instant: give it to the "
            "test",
        ),
        (Snapshot("a/b"), "'a/b' is no name of a snapshot"),
        (Snapshot("a" * 65), "64 at most"),
        (SetKernel("", 1), "'' names no variable"),
        (SetKernel("a-b", 1), "'a-b' names nothing"),
        (SetKernel("a", 2**64), "is no whole number of 64 bits"),
        (SetKernel("a", 1, cpu=2), "the machine has no CPU 2; it has 0-1"),
        (SetKernel("a", 1, type="struct a"), "give the structure's name alone"),
        (SetMap("", 0, "", 1), "'' is no name of a BPF map"),
        (SetMap("m", -1, "", 1), "key -1 is no number from 0"),
        (SetMap("m", (), "", 1), r"key \(\): of a structure give the numbers of its members"),
        (SetMap("m", (1, 2**64), "", 1), r"key \(1, 18446744073709551616\): of a structure give"),
        (SetMap("m", 0, "a b", 1), "'a b' names nothing"),
        (SetMap("m", 0, "a", 1, cpu=9), "the machine has no CPU 9"),
    )
    def test_ops_that_are_refused(self, op: InsideOp, words: str) -> None:
        with self.assertRaisesRegex(UsageError, rf"step 0: {type(op).__name__}: .*{words}"):
            _check(op)

    @parameterized.parameters(
        (MapValue("m", 0, "a", Relation("at_leest", (1,))), "did you mean 'at_least'"),
        (MapValue("m", 0, "a b", it.below(1)), "'a b' names nothing"),
        (KernelValue("a", it.below(1), cpu=2), "no CPU 2"),
        (
            KernelValue("a", Relation("any_of", (), (Relation("isfinite"),))),
            "there is no relation 'isfinite'",
        ),
    )
    def test_conditions_that_are_refused(self, condition: InsideCondition, words: str) -> None:
        with self.assertRaisesRegex(UsageError, rf"step 0: WaitFor: .*{words}"):
            _check(WaitFor(condition, 1.0))
        scenario = Scenario((Step((CgroupDef("a"),), hold=Until(condition, 1.0)),))
        with self.assertRaisesRegex(UsageError, rf"step 0: Until: .*{words}"):
            check_scenario(scenario, _VIEW, 2, _OWN)

    def test_a_relation_by_its_sign(self) -> None:
        with self.assertRaisesRegex(UsageError, "is no relation; make one with `it`"):
            check_scenario(
                Scenario(
                    (Step(ops=(WaitFor(MapValue("m", 0, "a", ">="), 1.0),)),)  # type: ignore[arg-type]
                ),
                _VIEW,
                2,
                _OWN,
            )

    def test_maps_of_nobody(self) -> None:
        for scheduler, before in ((None, ()), (_OWN, (DetachScheduler(),))):
            with self.assertRaisesRegex(UsageError, "at this point none is attached"):
                _check(*before, SetMap("m", 0, "a", 1), scheduler=scheduler)
        _check(SetKernel("jiffies", 1), scheduler=None)

    def test_a_misspelt_relation(self) -> None:
        with self.assertRaisesRegex(UsageError, r"it.at_leest: .*did you mean 'at_least'"):
            it.at_leest(3)  # type: ignore[attr-defined]
        self.assertFalse(hasattr(it, "__wrapped__"))

    def test_they_are_names_of_the_language(self) -> None:
        for name in ("KernelValue", "MapValue", "SetKernel", "SetMap", "Snapshot"):
            self.assertIn(name, dir(ktstr))

    def test_snapshots_that_a_test_can_declare(self) -> None:
        check_snapshots(
            (
                Snapshot("a", every=0.004, most=9),
                Snapshot("b", when=Entered("scx_ops_bypass", times=3)),
                Snapshot("c", when=Changed("runqueues.nr_running", it.above(3), cpu=1)),
                Snapshot("d", when=Changed("jiffies")),
                Snapshot("e", when=Changed("x", it.any_of(it.equals(1), it.between(3, 4)))),
            ),
            _VIEW.cpus,
        )

    @parameterized.parameters(
        ((Snapshot("a/b", every=1.0),), "snapshot 'a/b': 'a/b' is no name of a snapshot"),
        ((Snapshot("a"),), "snapshot 'a': it needs an occasion, every=SECONDS or when="),
        ((Snapshot("a", every=1.0, when=Entered("f")),), "snapshot 'a': it needs an occasion"),
        ((Snapshot("a", every=0.0009),), "every=0.0009 is no time of 0.001 s, the shortest tick"),
        ((Snapshot("a", every=float("nan")),), "every=nan is no time of"),
        ((Snapshot("a", every=1e300),), r"every=1e\+300 is more than a day"),
        ((Snapshot("a", every=1.0, most=0),), "most=0 is less than 1"),
        ((Snapshot("a", when=Entered("f g")),), "'f g' is no name of a function"),
        ((Snapshot("a", when=Entered("f", times=0)),), "times=0 is less than 1"),
        ((Snapshot("a", when=Changed("x", cpu=2)),), "the machine has no CPU 2; it has 0-1"),
        ((Snapshot("a", when=Changed("x-y")),), "'x-y' names nothing"),
        ((Snapshot("a", when=Changed("x", it.non_empty())),), "it.non_empty tells no change"),
        ((Snapshot("a", when=Changed("x", it.above(0.5))),), "above 0.5: bounds are whole numbers"),
        ((Snapshot("a", every=1.0),) * 2, "snapshot 'a': there is more than one of that name"),
        (
            (Snapshot("a", every=1.0, most=40), Snapshot("b", every=1.0, most=25)),
            "the test's snapshots are 65 at most; a result has room for 64",
        ),
    )
    def test_snapshots_that_none_could_be(self, declared: tuple[Snapshot, ...], words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            check_snapshots(declared, _VIEW.cpus)


if __name__ == "__main__":
    absltest.main()
