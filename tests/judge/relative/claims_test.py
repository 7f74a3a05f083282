# SPDX-License-Identifier: Apache-2.0
"""Claims against others: what pairs of legs come to, and what is not known."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.judge.judge import judge
from ktstr.judge.relative.claims import RelativeResult, interval, relative_results, under_test
from ktstr.judge.relative.legs import VALUES, value_of
from ktstr.model.facts import WorkerFacts
from ktstr.model.histogram import Histogram
from ktstr.model.scenario.relative import EEVDF, RelativeClaim, better_than, not_worse_than
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.figures import Whose, figures_of
from ktstr.model.verdict.kinds import Kind
from tests.support import runs
from tests.support.compared import compared_run, comparison_of

_LEG = runs.S
_VALUES = st.lists(st.floats(1.0, 1000.0), min_size=2, max_size=12)


def _result(values: Sequence[tuple[int, int]], claim: RelativeClaim) -> RelativeResult:
    (result,) = relative_results(compared_run(values, claim))
    return result


_EQUAL = ((1000, 1003), (1001, 1000), (1002, 999), (998, 1001))
_HALF = ((500, 1000), (510, 1000), (495, 1001), (505, 1003))
_WILD = ((500, 1000), (2000, 1000), (900, 1000), (1300, 1000))


class VerdictTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("equal is not worse", _EQUAL, not_worse_than("iterations_per_s", 1.05), "PASS"),
        ("equal is not better", _EQUAL, better_than("iterations_per_s", 1.05), "FAIL"),
        ("half is worse", _HALF, not_worse_than("iterations_per_s", 1.5), "FAIL"),
        ("half is within three", _HALF, not_worse_than("iterations_per_s", 3), "PASS"),
        ("half is not better", _HALF, better_than("iterations_per_s"), "FAIL"),
        ("wild is neither", _WILD, not_worse_than("iterations_per_s"), "INCONCLUSIVE"),
        ("wild is not better either", _WILD, better_than("iterations_per_s"), "INCONCLUSIVE"),
    )
    def test_by_the_interval(
        self, values: tuple[tuple[int, int], ...], claim: RelativeClaim, verdict: str
    ) -> None:
        result = _result(values, claim)
        self.assertEqual(result.verdict.name, verdict, result.why)
        judged = judge(compared_run(values, claim))
        self.assertEqual(judged.verdict.name, verdict, judged.details)
        if verdict == "FAIL":
            assert judged.first_cause is not None
            self.assertEqual(judged.first_cause.kind, Kind.RELATIVE)

    def test_a_pass_shows_the_interval(self) -> None:
        judged = judge(compared_run(_EQUAL, not_worse_than("iterations_per_s", 1.05)))
        self.assertTrue(any("95% interval" in words for words in judged.evidence), judged.evidence)

    def test_a_bound_within_the_interval_asks_for_more_repeats(self) -> None:
        result = _result(_WILD, not_worse_than("iterations_per_s", 2.0))
        self.assertRegex(result.why, "more repeats may tell, about [0-9]+ if the rest")
        hopeless = _result(_WILD, not_worse_than("iterations_per_s"))
        self.assertIn("claim less, or run longer legs", hopeless.why)

    def test_an_interval_that_no_float_holds_is_inconclusive(self) -> None:
        far_apart = ((1, 10**12), (10**12, 1))
        claims = tuple(not_worse_than("iterations_per_s", 2 + i) for i in range(20))
        for each in relative_results(compared_run(far_apart, *claims)):
            self.assertEqual(each.verdict, Verdict.INCONCLUSIVE)
            assert each.high is not None
            self.assertGreater(each.high, 1e300)
            self.assertLess(each.high, math.inf)

    def test_several_claims_share_the_confidence(self) -> None:
        claims = (not_worse_than("iterations_per_s", 2), not_worse_than("work_per_s", 2))
        results = relative_results(compared_run(_EQUAL, *claims))
        self.assertEqual([round(each.confidence, 6) for each in results], [0.975, 0.975])

    def test_no_difference_at_all_is_equal(self) -> None:
        same = ((7, 7), (9, 9))
        claim = not_worse_than("iterations_per_s")
        self.assertEqual(_result(same, claim).verdict, Verdict.PASS)
        claim = better_than("iterations_per_s")
        self.assertEqual(_result(same, claim).verdict, Verdict.INCONCLUSIVE)

    @parameterized.parameters(
        (((5, 0), (5, 5)), "0 in pair 0 under EEVDF"),
    )
    def test_nothing_is_no_baseline(
        self, values: tuple[tuple[int, int], ...], message: str
    ) -> None:
        for claim in (not_worse_than("iterations_per_s", 9), better_than("iterations_per_s")):
            result = _result(values, claim)
            self.assertEqual(result.verdict, Verdict.INCONCLUSIVE)
            self.assertIn(message, result.why)

    def test_a_leg_without_workers_is_inconclusive(self) -> None:
        whole = compared_run(_EQUAL, not_worse_than("iterations_per_s", 9))
        lacking = dataclasses.replace(whole, workers=whole.workers[:-1])
        (result,) = relative_results(lacking)
        self.assertEqual(result.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("no value of pair 3", result.why)

    def test_a_leg_that_ran_under_the_wrong_one_has_no_value(self) -> None:
        claim = not_worse_than("iterations_per_s", 9)
        whole = compared_run(_EQUAL, claim)
        long = dataclasses.replace(whole.schedulers[0], ended_ns=4 * _LEG + 1)
        for lives in ((long, *whole.schedulers[1:]), whole.schedulers[1:]):
            (result,) = relative_results(dataclasses.replace(whole, schedulers=lives))
            self.assertEqual(result.verdict, Verdict.INCONCLUSIVE)

    def test_the_scheduler_does_not_answer_for_eevdf(self) -> None:
        run = compared_run(_EQUAL, not_worse_than("iterations_per_s", 9))
        steps = [worker.step for worker in under_test(run).workers]
        self.assertEqual(steps, [0, 3, 4, 7])


class AgainstTest(absltest.TestCase):
    """Three in one boot: the scheduler, an older build of it, EEVDF."""

    values = ((1000, 500, 2000), (1001, 502, 2003), (999, 499, 1998))

    def test_each_claim_is_about_each_that_it_names(self) -> None:
        run = compared_run(
            self.values,
            not_worse_than("iterations_per_s", 1.5),
            better_than("iterations_per_s", 1.5, than="old"),
            against=("old", EEVDF),
        )
        found = [
            (each.against, each.verdict.name, round(each.factor or 0, 1))
            for each in relative_results(run)
        ]
        self.assertEqual(found, [("old", "PASS", 0.5), (EEVDF, "FAIL", 2.0), ("old", "PASS", 0.5)])
        judged = judge(run)
        assert judged.first_cause is not None
        self.assertIn("times as bad as EEVDF", judged.first_cause.message)

    def test_one_that_is_thrown_out_leaves_nothing_to_compare_with(self) -> None:
        claim = not_worse_than("iterations_per_s", 9)
        run = compared_run(self.values, claim, against=("old", EEVDF))
        lives = tuple(
            dataclasses.replace(life, exit_kind="1024", exit_reason="runtime error")
            if life.name == "old"
            else life
            for life in run.schedulers
        )
        judged = judge(dataclasses.replace(run, schedulers=lives))
        self.assertEqual(judged.verdict, Verdict.INCONCLUSIVE, judged.details)
        assert judged.first_cause is not None
        self.assertEqual(judged.first_cause.kind, Kind.SCHEDULER_EJECTED)
        self.assertIn("old was thrown out", judged.first_cause.message)
        self.assertIn("nothing is known of it to compare", judged.first_cause.message)

    def test_the_life_of_another_is_no_leg_of_its(self) -> None:
        run = compared_run(self.values, not_worse_than("iterations_per_s", 9), against=("old",))
        assert run.plan.scheduler is not None
        lives = tuple(
            dataclasses.replace(life, name=run.plan.scheduler.name) for life in run.schedulers
        )
        (result,) = relative_results(dataclasses.replace(run, schedulers=lives))
        self.assertIn("no value of pair 0 under old", result.why)


class IntervalTest(absltest.TestCase):
    @settings(deadline=None)
    @given(
        st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)), min_size=2, max_size=9)
    )
    def test_swapped_sides_swap_the_verdict(self, values: list[tuple[int, int]]) -> None:
        claim = not_worse_than("iterations_per_s")
        ours = _result(values, claim)
        theirs = _result([(b, a) for a, b in values], claim)
        assert ours.factor is not None and theirs.factor is not None
        self.assertAlmostEqual(math.log(ours.factor), -math.log(theirs.factor), places=6)
        if ours.verdict is Verdict.FAIL:
            self.assertEqual(theirs.verdict, Verdict.PASS)

    @given(_VALUES, st.floats(0.5, 0.99))
    def test_it_holds_the_mean_and_grows_with_confidence(
        self, values: list[float], confidence: float
    ) -> None:
        mean, low, high = interval(values, confidence)
        self.assertTrue(low <= mean <= high)
        _, lower, higher = interval(values, 0.995)
        self.assertTrue(lower <= low and high <= higher)

    def test_a_known_interval(self) -> None:
        # 1 to 5: mean 3, s = sqrt(2.5), t(0.975, 4) = 2.776
        mean, low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0], 0.95)
        self.assertAlmostEqual(mean, 3.0)
        self.assertAlmostEqual(high - low, 2 * 2.7764 * math.sqrt(2.5 / 5), places=3)

    @settings(deadline=None)
    @given(st.integers(2, 20), st.integers(1, 3))
    def test_who_goes_first_alternates(self, repeats: int, phases: int) -> None:
        names = tuple("abc"[:phases])
        scenario = comparison_of(not_worse_than("work_per_s"), repeats=repeats)
        assert scenario.compared is not None
        comparison = dataclasses.replace(scenario.compared, phases=names)
        places = [comparison.place(i) for i in range(2 * repeats * phases)]
        self.assertLen(set(places), len(places))
        first = [baseline for _, phase, baseline in places if phase == 0][::2]
        self.assertEqual(first, [EEVDF if i % 2 else None for i in range(repeats)])
        for earlier, later in itertools.pairwise(places):
            self.assertLessEqual(earlier[0], later[0])


class ValueTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("work", "work_per_s", 2000.0),
        ("iterations", "iterations_per_s", 2000.0),
        ("median", "wake_p50_us", 5.0),
        ("p99", "wake_p99_us", 5.0),
        ("gap", "max_gap_ms", 4.0),
        ("spread", "share_spread_pct", 25.0),
        ("migrations", "migrations_per_s", 8.0),
        ("delay", "run_delay_mean_us", 500_000 / 120),
    )
    def test_of_two_workers(self, measure: str, expected: float) -> None:
        wake = Histogram.of([5000])
        workers = [runs.worker(wake=wake), runs.worker(wake=wake, cpu_ns=runs.S // 4)]
        value = value_of(measure, workers)
        assert value is not None
        self.assertAlmostEqual(value, expected)

    def test_every_figure_of_legs_is_had(self) -> None:
        self.assertEqual(set(VALUES), set(figures_of(Whose.LEG)))

    def test_every_measure_can_lack(self) -> None:
        lost = runs.worker(completed=False)
        brief = runs.worker(started_ns=0, ended_ns=runs.MS)
        cases: list[list[WorkerFacts]] = [[], [lost], [runs.worker(), brief]]
        for measure, workers in itertools.product(VALUES, cases):
            self.assertIsNone(value_of(measure, workers), (measure, workers))

    @parameterized.parameters("wake_p99_us", "share_spread_pct", "run_delay_mean_us")
    def test_what_was_not_counted(self, measure: str) -> None:
        self.assertIsNone(value_of(measure, [runs.worker(run_delay_ns=None)]))


if __name__ == "__main__":
    absltest.main()
