# SPDX-License-Identifier: Apache-2.0
"""Claims are judged by the host: about values that functions saw, and about figures."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest, parameterized

from ktstr import CgroupDef, Scenario, StatClaim, Step, defs, stat
from ktstr.judge.claims import check_claims
from ktstr.judge.figures import FigureName
from ktstr.judge.judge import judge
from ktstr.judge.judgement import Judgement
from ktstr.judge.statistics.figure_table import OF_A_CGROUP, OF_ALL
from ktstr.model.errors import UsageError
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.claim_facts import ClaimFacts
from ktstr.model.verdict.claims import Relation
from ktstr.model.verdict.kinds import Kind
from ktstr.model.verdict.relations import it
from tests.support import runs


def _claimed(value: object, relation: Relation | None) -> Judgement:
    plan = runs.function_plan(scheduler=None)
    return judge(runs.good_run(plan, claims=(ClaimFacts("rate", value, relation, None),)))


def _about(*claims: StatClaim) -> Judgement:
    return judge(runs.good_run(runs.plan(claims=claims)))


class FunctionClaimsTest(absltest.TestCase):
    def test_one_that_holds_passes_and_is_told(self) -> None:
        judged = _claimed(3, it.at_least(3))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        (claim,) = judged.claims
        self.assertEqual((claim.name, claim.relation), ("rate", "at least 3"))

    def test_one_that_does_not_names_value_and_bound(self) -> None:
        (detail,) = _claimed(2, it.between(3, 4)).details
        self.assertIs(detail.kind, Kind.CLAIM)
        self.assertEqual(detail.message, "claim 'rate': 2 is not between 3 and 4")

    def test_the_guests_own_word_does_not_count(self) -> None:
        lying = ClaimFacts("rate", 1, it.at_least(3), True)
        judged = judge(runs.good_run(runs.function_plan(scheduler=None), claims=(lying,)))
        self.assertIs(judged.verdict, Verdict.FAIL)

    def test_no_value_or_no_relation_is_inconclusive(self) -> None:
        for value, relation, words in (
            (None, it.at_least(3), "it has no value"),
            (3, None, "nothing was claimed of it"),
            ("three", it.at_least(3), "float is expected, str was given"),
        ):
            (detail,) = _claimed(value, relation).details
            self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
            self.assertIn(words, detail.message)


class StatClaimsTest(parameterized.TestCase):
    def test_figures_of_cgroups_and_totals(self) -> None:
        judged = _about(
            stat("cg_0.iterations").equals(2_000),
            stat("cg_0.share_mean_pct").near(50, 0.1),
            stat("total.workers").equals(2),
            stat("total.cpus").equals(2),
        )
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertLen(judged.claims, 4)

    def test_one_that_does_not_hold_fails(self) -> None:
        (detail,) = _about(stat("cg_0.iterations").above(2_000)).details
        self.assertEqual(detail.message, "claim 'cg_0.iterations': 2000 is not above 2000")

    def test_a_figure_that_was_not_measured_is_inconclusive(self) -> None:
        (detail,) = _about(stat("cg_0.wake_p99_us").below(5)).details
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("was not measured", detail.message)

    def test_every_figure_has_a_value_or_none(self) -> None:
        judged = _about(
            *(stat(f"cg_0.{name}").is_finite() for name in OF_A_CGROUP),
            *(stat(f"total.{name}").is_finite() for name in OF_ALL),
        )
        self.assertNotIn(Verdict.FAIL, [claim.verdict for claim in judged.claims])

    def test_a_run_that_did_not_get_there_has_one_reason(self) -> None:
        run = runs.good_run(runs.plan(claims=(stat("cg_0.iterations").above(1),)))
        dead = dataclasses.replace(run, end=None, workers=(), scenarios=())
        self.assertEmpty(judge(dead).claims)


class NamesTest(parameterized.TestCase):
    _SCENARIO = Scenario(steps=(Step(setup=(CgroupDef("a/b"),), name="calm"), Step()))

    @parameterized.parameters(
        ("iterations", "names no figure; expected CGROUP.FIGURE"),
        ("a/b.speed", "there is no figure 'speed'; those of a cgroup: c_period_us"),
        (
            "total.spread_pct",
            "no figure 'spread_pct'; those of the totals: cleanup_max_ms",
        ),
        ("c.iterations", "makes no cgroup 'c'; its cgroups: a/b"),
        ("2:a/b.iterations", "has no step '2'; its steps: 0, 1, calm"),
        (":a/b.iterations", "has no step ''; its steps: 0, 1, calm"),
    )
    def test_unknown_names_are_refused_before_boot(self, name: str, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            check_claims((stat(name).above(1),), self._SCENARIO)

    @parameterized.parameters("a/b.iterations", "total.workers", "1:a/b.cpus", "calm:total.workers")
    def test_known_names_are_taken(self, name: str) -> None:
        check_claims((stat(name).above(1),), self._SCENARIO)

    def test_a_function_may_make_any_cgroup(self) -> None:
        check_claims((stat("x.iterations").above(1), stat("9:x.cpus").above(1)), None)
        check_claims((stat("9:total.cleanup_max_ms").above(1),), None)
        check_claims((), defs())
        with self.assertRaisesRegex(UsageError, "no figure 'speed'"):
            check_claims((stat("9:total.speed").above(1),), None)


_POD = "kubelet.slice:cri-containerd:7f3a"


def _meant(name: str, *cgroups: str, steps: tuple[str, ...] = (), step: str = "") -> FigureName:
    return FigureName.parse(name).placed(step, cgroups, ["0", "1", *steps])


class ColonsTest(parameterized.TestCase):
    @parameterized.parameters(
        (f"{_POD}.iterations", "", _POD),
        (f"0:{_POD}.iterations", "0", _POD),
        (f"squeeze:hard:{_POD}.iterations", "squeeze:hard", _POD),
        ("squeeze:hard:total.iterations", "squeeze:hard", "total"),
        ("1 = a.b/c d.cpus", "", "1 = a.b/c d"),
        ("1:1 = a.b/c d.cpus", "1", "1 = a.b/c d"),
        # the whole name of a cgroup, although there are a step and a cgroup of its halves
        ("pod:app.iterations", "", "pod:app"),
        ("pod:pod:app.iterations", "pod", "pod:app"),
    )
    def test_names_with_colons(self, name: str, step: str, cgroup: str) -> None:
        there = (_POD, "1 = a.b/c d", "app", "pod:app")
        found = _meant(name, *there, steps=("pod", "squeeze:hard"))
        self.assertEqual((found.step, found.cgroup), (step, cgroup))

    def test_a_step_can_be_given_apart(self) -> None:
        found = _meant("app.iterations", "app", "pod:app", steps=("pod",), step="pod")
        self.assertEqual((found.step, found.cgroup), ("pod", "app"))
        with self.assertRaisesRegex(UsageError, "makes no cgroup 'pod:app'"):
            _meant("pod:app.iterations", "app", steps=("pod",), step="pod")

    def test_two_ways_to_read_a_name_are_refused(self) -> None:
        words = r"may be cgroup 'b:c' in step 'a' or cgroup 'c' in step 'a:b'; .*step='a'\)"
        with self.assertRaisesRegex(UsageError, words):
            _meant("a:b:c.iterations", "b:c", "c", steps=("a", "a:b"))

    def test_a_step_that_is_called_by_anothers_number_is_refused(self) -> None:
        scenario = Scenario(steps=(Step((CgroupDef("a"),), name="1"), Step()))
        with self.assertRaisesRegex(UsageError, "'1' is the number or name of steps 0, 1"):
            check_claims((stat("1:a.cpus").above(1),), scenario)
        check_claims((stat("0:a.cpus").above(1),), scenario)

    @parameterized.parameters((True,), (1.5,), ("",))
    def test_a_step_is_a_number_or_a_name(self, step: object) -> None:
        with self.assertRaisesRegex(UsageError, "give its number or its name"):
            stat("a.cpus", step=step)  # type: ignore[arg-type]

    def test_the_judge_reads_names_as_they_were_checked(self) -> None:
        run = runs.good_run(runs.plan(claims=(stat("cg_0.iterations", step=0).above(2_000),)))
        (detail,) = judge(run).details
        self.assertIn("claim 'cg_0.iterations in step 0'", detail.message)
        lost = runs.good_run(runs.function_plan(claims=(stat("9:cg_0.cpus").above(1),)))
        (claim,) = judge(lost).claims
        self.assertIs(claim.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("no step '9'", claim.why)


if __name__ == "__main__":
    absltest.main()
