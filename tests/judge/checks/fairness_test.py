# SPDX-License-Identifier: Apache-2.0
"""Fair shares as algebra, and which workers are compared with which."""

from __future__ import annotations

import itertools

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.judge.checks.fairness import MAX_SPREAD, cohorts, fair_shares
from ktstr.model.facts import WorkerFacts
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.work.policy import NICE_WEIGHTS
from tests.support import runs

_TWO = frozenset({0, 1})
_WEIGHTS = st.lists(st.sampled_from(NICE_WEIGHTS), min_size=1, max_size=12)
_CAPACITY = st.floats(min_value=0, max_value=16)


class FairSharesTest(absltest.TestCase):
    @settings(deadline=None, derandomize=True)
    @given(_WEIGHTS, _CAPACITY)
    def test_all_of_the_capacity_is_given_and_nobody_gets_more_than_a_cpu(
        self, weights: list[int], capacity: float
    ) -> None:
        shares = fair_shares(weights, capacity)
        self.assertAlmostEqual(sum(shares), min(capacity, len(weights)), places=6)
        self.assertLessEqual(max(shares), 1.0)
        self.assertGreaterEqual(min(shares), 0.0)

    @settings(deadline=None, derandomize=True)
    @given(_WEIGHTS, _CAPACITY)
    def test_who_weighs_more_never_gets_less(self, weights: list[int], capacity: float) -> None:
        ordered = fair_shares(sorted(weights), capacity)
        for light, heavy in itertools.pairwise(ordered):
            self.assertLessEqual(light, heavy + 1e-9)

    @settings(deadline=None, derandomize=True)
    @given(_WEIGHTS, _CAPACITY)
    def test_below_a_cpu_shares_stand_in_the_ratio_of_the_weights(
        self, weights: list[int], capacity: float
    ) -> None:
        shares = fair_shares(weights, capacity)
        below = [s / w for s, w in zip(shares, weights, strict=True) if s < 1.0]
        if below:
            self.assertAlmostEqual(min(below), max(below))

    @settings(deadline=None, derandomize=True)
    @given(st.integers(1, 12), _CAPACITY)
    def test_equal_weights_get_equal_shares(self, count: int, capacity: float) -> None:
        for share in fair_shares([1024] * count, capacity):
            self.assertAlmostEqual(share, min(1.0, capacity / count))

    def test_what_a_heavy_task_cannot_use_goes_to_the_others(self) -> None:
        shares = fair_shares([88761, 1024, 1024], 2.0)
        self.assertSequenceAlmostEqual(shares, [1.0, 0.5, 0.5])


class UnfairTest(absltest.TestCase):
    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.integers(0, runs.S), min_size=2, max_size=6))
    def test_with_equal_weights_the_spread_is_that_of_the_shares(self, cpu_ns: list[int]) -> None:
        found = cohorts(_spinners(*cpu_ns), _TWO)
        self.assertLen(found, 1)
        expected = 100 * (max(cpu_ns) - min(cpu_ns)) / runs.S
        self.assertAlmostEqual(found[0].spread_pct, expected, places=6)

    def test_a_spread_above_the_limit_fails_and_names_both_ends(self) -> None:
        (detail,) = MAX_SPREAD.judge(
            runs.scope(*_spinners(900_000_000, 500_000_000, 600_000_000)), 30
        )
        self.assertIs(detail.kind, Kind.UNFAIR)
        self.assertIn("spread 40.0% of wall time", detail.message)
        self.assertIn("worker 0.1 got 50.0%", detail.message)
        self.assertIn("worker 0.0 got 90.0%", detail.message)

    def test_shares_by_weight_are_fair(self) -> None:
        # on one CPU, nice 0 beside nice 5: 1024 to 335
        heavy = runs.worker(cpu_ns=round(runs.S * 1024 / 1359))
        light = runs.worker(index=1, cpu_ns=round(runs.S * 335 / 1359), weight=335)
        self.assertEmpty(MAX_SPREAD.judge(runs.scope(heavy, light, cpus=1), 1))
        equal = (runs.worker(), runs.worker(index=1, weight=335))
        self.assertLen(MAX_SPREAD.judge(runs.scope(*equal, cpus=1), 15), 1)

    def test_what_others_took_of_the_cpus_is_no_unfairness(self) -> None:
        other = runs.worker(cgroup="cg_1", cpu_hungry=False, cpu_ns=runs.S, ran_on={0: runs.S})
        heavy = runs.worker(cpu_ns=round(runs.S * 1024 / 1359))
        light = runs.worker(index=1, cpu_ns=round(runs.S * 335 / 1359), weight=335)
        self.assertEmpty(MAX_SPREAD.judge(runs.scope(other, heavy, light), 1))

    def test_only_those_with_the_same_cpus_at_the_same_time_are_compared(self) -> None:
        pinned = runs.worker(index=1, cpu_ns=runs.S, requested="policy=normal nice=0 affinity=1")
        later = runs.worker(index=2, cpu_ns=runs.S, started_ns=5 * runs.S, ended_ns=6 * runs.S)
        other_set = runs.worker(index=3, cpu_ns=runs.S, cpuset="1")
        (detail,) = MAX_SPREAD.judge(runs.scope(runs.worker(), pinned, later, other_set), 1)
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("no cgroup has two CPU-hungry workers", detail.message)

    def test_a_lost_worker_and_a_real_time_one_have_no_share(self) -> None:
        lost = runs.worker(index=1, cpu_ns=0, completed=False)
        real_time = runs.worker(index=2, cpu_ns=runs.S, weight=0)
        (cohort,) = cohorts((runs.worker(), lost, real_time), _TWO)
        self.assertEqual([share.worker.index for share in cohort.shares], [0])

    def test_a_single_worker_never_fails(self) -> None:
        self.assertEqual(cohorts(_spinners(3), _TWO)[0].spread_pct, 0)


def _spinners(*cpu_ns: int) -> tuple[WorkerFacts, ...]:
    return tuple(
        runs.worker(index=i, cpu_ns=ns, ran_on={0: max(ns, 1)}) for i, ns in enumerate(cpu_ns)
    )


if __name__ == "__main__":
    absltest.main()
