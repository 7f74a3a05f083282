# SPDX-License-Identifier: Apache-2.0
"""How a comparison is played, and what cannot be compared."""

from __future__ import annotations

import itertools
from typing import Any

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scenario.comparison import compare
from ktstr.model.scenario.given import scenario_of
from ktstr.model.scenario.relative import EEVDF, Comparison, better_than, not_worse_than
from ktstr.model.scenario.scenario import (
    AttachScheduler,
    CgroupDef,
    DetachScheduler,
    Fixed,
    Frac,
    Loop,
    ReplaceScheduler,
    Scenario,
    Step,
    StopCgroup,
)
from ktstr.model.validation.validate import check_scenario
from ktstr.model.work.work import Work

_CLAIMS = (not_worse_than("work_per_s", 1.1),)
_VIEW = TopologyView.of(Topology.parse("1n1l2c1t"))


class CompareTest(parameterized.TestCase):
    def test_legs_in_turns(self) -> None:
        scenario = compare(CgroupDef("a"), claims=_CLAIMS, repeats=3)
        self.assertEqual(
            [step.ops for step in scenario.steps],
            [(), (DetachScheduler(),), (), (AttachScheduler(),), (), (DetachScheduler(),)],
        )
        self.assertEqual({step.hold for step in scenario.steps}, {Frac(1 / 6)})
        self.assertEqual(scenario.steps[3].name, "workload, pair 1, scheduler")

    def test_steps_are_phases(self) -> None:
        phases = (Step((CgroupDef("a"),), name="calm"), Step((CgroupDef("b"),), hold=Fixed(2)))
        scenario = compare(*phases, claims=_CLAIMS, repeats=2)
        self.assertLen(scenario.steps, 8)
        self.assertEqual([step.setup[0].name for step in scenario.steps], ["a", "b"] * 4)
        self.assertEqual([len(step.ops) for step in scenario.steps], [0, 0, 1, 0, 0, 0, 1, 0])
        assert scenario.compared is not None
        self.assertEqual(scenario.compared.phases, ("calm", "phase 1"))

    def test_others_take_their_turns(self) -> None:
        scenario = compare(CgroupDef("a"), claims=_CLAIMS, repeats=3, against=("old", EEVDF))
        self.assertEqual(
            [step.ops for step in scenario.steps],
            [
                *((), (ReplaceScheduler("old"),), (DetachScheduler(),)),
                *((AttachScheduler("old"),), (DetachScheduler(),), (AttachScheduler(),)),
                *((DetachScheduler(),), (AttachScheduler(),), (ReplaceScheduler("old"),)),
            ],
        )
        self.assertEqual(scenario.steps[1].name, "workload, pair 0, old")
        self.assertEqual({step.hold for step in scenario.steps}, {Frac(1 / 9)})

    @given(st.integers(1, 4), st.integers(2, 6), st.integers(1, 3))
    def test_each_has_one_leg_of_each_phase_in_each_round(
        self, others: int, repeats: int, phases: int
    ) -> None:
        names = tuple(f"s{i}" for i in range(others))
        of = Comparison(_CLAIMS, repeats, tuple(map(str, range(phases))), against=names)
        places = [of.place(i) for i in range(repeats * phases * (1 + others))]
        every = itertools.product(range(repeats), range(phases), (None, *names))
        self.assertCountEqual(places, every)
        self.assertEqual([turn for turn, _, _ in places], sorted(turn for turn, _, _ in places))

    def test_it_travels(self) -> None:
        scenario = compare(CgroupDef("a"), claims=(better_than("wake_p99_us", cgroup="a"),))
        self.assertEqual(decode(Scenario, encode(scenario)), scenario)

    def test_claims_read_as_they_are_written(self) -> None:
        self.assertEqual(_CLAIMS[0].words, "not_worse_than('work_per_s', ratio=1.1)")
        self.assertEqual(
            better_than("wake_p99_us", 1.25, "a").words,
            "better_than('wake_p99_us', ratio=1.25, cgroup='a')",
        )
        self.assertEqual(
            better_than("wake_p99_us", than="old").words,
            "better_than('wake_p99_us', ratio=1, than='old')",
        )

    @parameterized.parameters(
        ((), {}, "takes CgroupDefs, or Steps; it was given nothing"),
        ((CgroupDef("a"), Step()), {}, "it was given CgroupDef, Step"),
        ((Step(),), {"hold": Fixed(1)}, "every Step has a hold of its own"),
        ((Step(ops=(StopCgroup("a"),), hold=Loop(0.1)),), {}, "lasts to the end of the test"),
        ((Step(ops=(DetachScheduler(),)),), {}, "attaches and detaches the scheduler itself"),
        ((Step(name="x"), Step(name="x")), {}, "two phases have one name: x, x"),
        ((CgroupDef("a"),), {"repeats": 1}, "2 to 100 pairs are possible"),
        ((CgroupDef("a"),), {"claims": ()}, "has no claim"),
        ((CgroupDef("a"),), {"confidence": 1.0}, "at least 0.5 and below 1"),
        ((CgroupDef("a"),), {"against": ()}, "name each scheduler that this one is compared with"),
        ((CgroupDef("a"),), {"against": ("x", "x")}, "compared with once"),
        (
            (CgroupDef("a"),),
            {"claims": (better_than("work_per_s", than="y"),), "against": ("x", EEVDF)},
            "this compares with x, EEVDF, not with 'y'",
        ),
        ((CgroupDef("a"), Work()), {}, "it was given CgroupDef, Work"),
        ((CgroupDef("a"),), {"repeats": 2.5}, "2 to 100 pairs are possible"),
        ((CgroupDef("a"),), {"claims": _CLAIMS[0]}, "it takes several; write"),
        (
            (Step((CgroupDef("a"),)), Step((CgroupDef("b"),))),
            {"claims": (not_worse_than("work_per_s", cgroup="a"),)},
            "phase 1 has no cgroup 'a'; its cgroups: b",
        ),
    )
    def test_refuses(self, parts: Any, options: dict[str, Any], message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            compare(*parts, **{"claims": _CLAIMS} | options)

    def test_refuses_measures_and_ratios_that_mean_nothing(self) -> None:
        with self.assertRaisesRegex(UsageError, "no measure 'speed'; there are iterations_per_s"):
            better_than("speed")
        with self.assertRaisesRegex(UsageError, "a ratio is at least 1"):
            not_worse_than("work_per_s", 0.9)

    def test_needs_a_scheduler_to_compare(self) -> None:
        scenario = compare(CgroupDef("a"), claims=_CLAIMS)
        with self.assertRaisesRegex(UsageError, "and this target has none"):
            check_scenario(scenario, _VIEW, 1)
        check_scenario(scenario, _VIEW, 1, SchedulerPlan("fifo", ("/fifo",), "fifo", control=True))

    def test_needs_those_that_it_compares_with(self) -> None:
        scenario = compare(CgroupDef("a"), claims=_CLAIMS, against="old")
        fifo, old = (SchedulerPlan(name, ("/x",), name, control=True) for name in ("fifo", "old"))
        with self.assertRaisesRegex(UsageError, "'old' is none of this target's: fifo; see"):
            check_scenario(scenario, _VIEW, 1, fifo)
        check_scenario(scenario, _VIEW, 1, fifo, staged=(old,))
        plain = compare(CgroupDef("a"), claims=_CLAIMS)
        eevdf = SchedulerPlan(EEVDF, ("/x",), "x", control=True)
        with self.assertRaisesRegex(UsageError, "is called EEVDF, as the kernel's own class"):
            check_scenario(plain, _VIEW, 1, fifo, staged=(eevdf,))

    def test_refuses_to_be_run_by_a_function(self) -> None:
        with self.assertRaisesRegex(UsageError, "return it from a @scenario"):
            scenario_of((compare(CgroupDef("a"), claims=_CLAIMS),))


if __name__ == "__main__":
    absltest.main()
