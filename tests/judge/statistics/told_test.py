# SPDX-License-Identifier: Apache-2.0
"""What a scheduler told of itself: read, and judged."""

from __future__ import annotations

import json
from typing import Any

from absl.testing import absltest, parameterized

from ktstr import CgroupDef, Scenario, StatClaim, Step, defs, stat
from ktstr.judge.claims import check_claims
from ktstr.judge.judge import judge
from ktstr.judge.statistics.told import told_of
from ktstr.model.errors import UsageError
from ktstr.model.facts import ScenarioFacts, StepFacts
from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.model.verdict.checks import Verdict
from ktstr.model.wire.stats import SchedulerStats
from ktstr.record.run import RunRecord
from tests.support import runs

_S = runs.S
_TWO = Scenario((Step(setup=(CgroupDef("cg_0"),)), Step(name="calm")))
_PLAYED = ScenarioFacts(
    _S,
    2 * _S,
    2,
    2,
    steps=(StepFacts(0, "", _S, _S + 2, _S + 3), StepFacts(1, "calm", _S + 4, _S + 6, _S + 7)),
)


def _answer(resp: Any, errno: int = 0) -> str:
    return json.dumps({"errno": errno, "args": {"resp": resp}})


def _plan(*claims: StatClaim, scenario: Scenario = _TWO, socket: str = "/stats") -> Plan:
    scheduler = SchedulerPlan("mine", ("/mine",), "fifo", control=False, stats_socket=socket)
    return runs.plan(scheduler=scheduler, scenario=scenario, claims=claims)


def _run(plan: Plan, *lines: str) -> RunRecord:
    stats = tuple(
        SchedulerStats("mine", i, _S + 4 * i, _S + 4 * i + 2, line) for i, line in enumerate(lines)
    )
    return runs.good_run(
        plan, schedulers=(runs.scheduler(name="mine"),), scenarios=(_PLAYED,), stats=stats
    )


def _claimed(*claims: StatClaim, **changes: Any) -> list[tuple[Verdict, Any, str]]:
    first, second = _answer({"n": 3, "deep": {"x.y": 0.5}}), _answer({"n": 7})
    run = _run(_plan(*claims, **changes), first, second)
    return [(each.verdict, each.value, each.why) for each in judge(run).claims]


class AnswersTest(parameterized.TestCase):
    def test_numbers_have_their_paths_as_names(self) -> None:
        resp = {"n": 3, "name": "x", "on": True, "layers": [{"util": 1.5}, {"util": 2}], "none": {}}
        (told,) = told_of(_run(_plan(), _answer(resp)))
        self.assertEqual(told.values, {"n": 3.0, "layers.0.util": 1.5, "layers.1.util": 2.0})
        self.assertEqual((told.scenario, told.step, told.labels), (0, 0, ("0",)))

    def test_steps_are_known_by_number_and_name(self) -> None:
        told = told_of(_run(_plan(), _answer({"n": 1}), _answer({"n": 2})))
        self.assertEqual([each.labels for each in told], [("0",), ("1", "calm")])

    def test_two_of_one_name_are_none(self) -> None:
        (told,) = told_of(_run(_plan(), _answer({"a": {"b": 1}, "a.b": 2, "c": 3})))
        self.assertEqual(told.values, {"c": 3.0})

    def test_what_is_not_finite_is_no_number(self) -> None:
        (told,) = told_of(
            _run(_plan(), '{"errno":0,"args":{"resp":{"a":NaN,"b":-Infinity,"c":3}}}')
        )
        self.assertEqual(told.values, {"c": 3.0})

    @parameterized.parameters(
        (_answer("no such target", 22), r"it refused: no such target \(Invalid argument\)"),
        (_answer("x", 1 << 40), r"it refused: x \(1099511627776.0\)"),
        ('{"errno":NaN,"args":{"resp":"x"}}', r"it refused: x \(nan\)"),
        ("", "its answer is no line of scx_stats: ''"),
        ("hello", "its answer is no line of scx_stats: 'hello'"),
        ('{"errno":0,"args":{"re', "its answer is no line of scx_stats"),
        ('{"n":1}', "its answer is no line of scx_stats"),
        (_answer({"name": "x"}), "its answer holds no number"),
        (_answer([]), "its answer holds no number"),
        ("[" * 100_000, "its answer is no line of scx_stats"),
    )
    def test_what_is_no_answer_is_told_as_that(self, line: str, words: str) -> None:
        run = _run(_plan(), line)
        (told,) = told_of(run)
        self.assertRegex(told.problem, words)
        self.assertEqual(told.values, {})
        (remark,) = [each for each in judge(run).remarks if "statistics" in each]
        self.assertStartsWith(remark, "scheduler mine told no statistics of step 0: ")


class ClaimsTest(parameterized.TestCase):
    def test_a_number_of_a_step_is_judged(self) -> None:
        found = _claimed(
            stat("stats.n", step="0").equals(3),
            stat("calm:stats.n").equals(7),
            stat("1:stats.n").below(7),
            stat("0:stats.deep.x.y").equals(0.5),
        )
        self.assertEqual([verdict.name for verdict, *_ in found], ["PASS", "PASS", "FAIL", "PASS"])
        self.assertEqual([value for _, value, _ in found], [3.0, 7.0, 7.0, 0.5])

    @parameterized.parameters(
        (
            stat("0:stats.m").above(1),
            {},
            "scheduler mine tells no number 'm'; it tells deep.x.y, n",
        ),
        (stat("0:stats.n").above(1), {"socket": ""}, "scheduler mine has no stats_socket"),
    )
    def test_what_was_not_told_is_inconclusive(
        self, claim: StatClaim, changes: dict[str, Any], words: str
    ) -> None:
        ((verdict, value, why),) = _claimed(claim, **changes)
        self.assertIs(verdict, Verdict.INCONCLUSIVE)
        self.assertIsNone(value)
        self.assertStartsWith(why, words)

    def test_a_silent_step_is_inconclusive_with_its_reason(self) -> None:
        plan = _plan(stat("0:stats.n").above(1))
        silent = SchedulerStats("mine", 0, _S, _S + 1, problem="nobody listens at /stats")
        run = runs.good_run(plan, scenarios=(_PLAYED,), stats=(silent,))
        (claim,) = judge(run).claims
        self.assertEqual(claim.why, "scheduler mine: nobody listens at /stats")

    def test_no_step_was_asked(self) -> None:
        run = runs.good_run(_plan(stat("0:stats.n").above(1)), scenarios=(_PLAYED,))
        (claim,) = judge(run).claims
        self.assertEqual(claim.why, "it was asked in 0 steps '0', one is expected")

    def test_eevdf_is_not_asked(self) -> None:
        plan = runs.plan(scheduler=None, claims=(stat("stats.n").above(1),))
        (claim,) = judge(runs.good_run(plan)).claims
        self.assertEqual(claim.why, "EEVDF has no stats_socket, and so was not asked")

    @parameterized.parameters(
        (stat("2:stats.n"), "the scenario has no step '2'; its steps: 0, 1, calm"),
        (stat("stats.n"), "of each step, and there are 2; give the one that is meant"),
    )
    def test_a_step_that_is_not_there_is_refused_before_boot(self, claim: Any, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            check_claims((claim.above(1),), _TWO)

    def test_the_only_step_needs_no_name(self) -> None:
        check_claims((stat("stats.n").above(1),), defs(CgroupDef("cg_0")))
        plan = _plan(stat("stats.n").equals(3), scenario=defs(CgroupDef("cg_0")))
        (claim,) = judge(_run(plan, _answer({"n": 3}))).claims
        self.assertIs(claim.verdict, Verdict.PASS)

    def test_a_cgroup_of_that_name_goes_before(self) -> None:
        own = defs(CgroupDef("stats"))
        check_claims((stat("stats.iterations").above(1),), own)
        with self.assertRaisesRegex(UsageError, "there is no figure 'n'"):
            check_claims((stat("stats.n").above(1),), own)


if __name__ == "__main__":
    absltest.main()
