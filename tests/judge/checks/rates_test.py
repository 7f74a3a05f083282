# SPDX-License-Identifier: Apache-2.0
"""Throughput, variation, delay, migration ratio, memory, cleanup: limits, words, missing data."""

from __future__ import annotations

import dataclasses
import typing

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.judge.checks import cleanup, delay, latency, locality, migration, share, throughput
from ktstr.judge.checks.all import LIMITS, SWITCHES
from ktstr.judge.checks.measure import Limit
from ktstr.judge.numbers.spread import histogram_variation, tail_ratio, variation
from ktstr.judge.workers.scope import Scope
from ktstr.model.checks import SWITCHES as ON_OFF
from ktstr.model.checks import Checks, Kind, Verdict
from ktstr.model.facts import CgroupFacts, ScenarioFacts, StepFacts
from ktstr.model.histogram import Histogram
from ktstr.model.topology import TopologyView
from tests.judge import runs
from tests.judge.runs import MS, S

_TWO_NODES = TopologyView(
    llcs=(frozenset({0, 1}),), nodes=(frozenset({0, 1}), frozenset()), cores=()
)


class LimitsTest(parameterized.TestCase):
    def test_every_threshold_has_exactly_one_check(self) -> None:
        names = [limit.name for limit in LIMITS] + [*SWITCHES, "scheduler_alive"]
        fields = [field.name for field in dataclasses.fields(Checks)]
        self.assertCountEqual([*names, "clean_kernel_log"], fields)
        switches = [n for n, hint in typing.get_type_hints(Checks).items() if hint == bool | None]
        self.assertCountEqual(ON_OFF, switches)

    def test_every_limit_has_a_kind_of_its_own(self) -> None:
        self.assertLen({limit.kind for limit in LIMITS}, len(LIMITS))

    @parameterized.parameters(*LIMITS)
    def test_the_limit_itself_is_allowed(self, limit: Limit) -> None:
        self.assertFalse(limit.misses(3.0, 3.0))
        self.assertTrue(limit.misses(2.0 if limit.least else 4.0, 3.0))
        self.assertEqual(limit.least, limit.name.startswith("min_"))


class ThroughputTest(absltest.TestCase):
    def test_rates_are_by_cpu_time_and_by_wall_time(self) -> None:
        worker = runs.worker(work_units=500, cpu_ns=S // 2, iterations=30)
        self.assertEqual(throughput.work_rate(worker), 1_000)
        self.assertEqual(throughput.iteration_rate(worker), 30)
        scope = runs.scope(worker)
        (slow,) = throughput.MIN_WORK_RATE.judge(scope, 1_001)
        self.assertIs(slow.kind, Kind.WORK_RATE)
        self.assertIn(
            "1000.0 work units per second of CPU time (at least 1001 per CPU second)", slow.message
        )
        self.assertEmpty(throughput.MIN_WORK_RATE.judge(scope, 1_000))
        self.assertEmpty(throughput.MIN_ITERATION_RATE.judge(scope, 30))
        self.assertLen(throughput.MIN_ITERATION_RATE.judge(scope, 31), 1)

    def test_no_cpu_time_is_no_rate(self) -> None:
        scope = runs.scope(runs.worker(cpu_ns=0, work_units=0), runs.worker(index=1))
        for check in (throughput.MIN_WORK_RATE, throughput.MAX_VARIATION):
            (missing,) = check.judge(scope, 1)
            self.assertIs(missing.verdict, Verdict.INCONCLUSIVE)
            self.assertIn("no CPU time", missing.message)

    def test_like_workers_are_compared(self) -> None:
        fast, slow = runs.worker(work_units=3_000), runs.worker(index=1, work_units=1_000)
        other = runs.worker(index=2, work_type="Mixed", work_units=1)
        (detail,) = throughput.MAX_VARIATION.judge(runs.scope(fast, slow, other), 0.4)
        self.assertIn("vary with CV 0.500 around 4000", detail.message)
        (alone,) = throughput.MAX_VARIATION.judge(runs.scope(fast, other), 0.4)
        self.assertIn("no cgroup has two workers of one work type", alone.message)

    def test_a_life_too_short_has_no_rate(self) -> None:
        brief = runs.worker(ended_ns=S + 5 * MS)
        (missing,) = throughput.MIN_ITERATION_RATE.judge(runs.scope(brief), 1)
        self.assertIs(missing.kind, Kind.NO_DATA)


class VariationTest(absltest.TestCase):
    @given(st.lists(st.integers(1, 10**9), min_size=2, max_size=2).map(lambda v: [v[0]] * 5))
    def test_a_constant_series_does_not_vary(self, values: list[float]) -> None:
        self.assertAlmostEqual(variation(values) or 0.0, 0.0)

    @given(st.lists(st.integers(0, 10**9), min_size=2, max_size=30))
    def test_a_histogram_varies_nearly_as_its_samples(self, values: list[int]) -> None:
        exact, rough = variation(values), histogram_variation(Histogram.of(values))
        if exact is None or rough is None:
            self.assertEqual(sum(values), 0)
        else:
            self.assertAlmostEqual(exact, rough, delta=0.07 * (1 + exact))

    def test_nothing_to_divide_by_is_no_value(self) -> None:
        self.assertIsNone(variation([1.0]))
        self.assertIsNone(variation([0.0, 0.0]))
        self.assertIsNone(histogram_variation(Histogram.of([5])))
        self.assertIsNone(tail_ratio(Histogram.of([0, 0, 0])))
        self.assertEqual(tail_ratio(Histogram.of([2] * 99 + [8] * 2)), 4)


class LatencyVariationTest(absltest.TestCase):
    def test_even_and_uneven_wake_ups(self) -> None:
        uneven = Histogram.of([1_000] * 50 + [9_000] * 50)
        scope = runs.scope(runs.worker(cpu_hungry=False, wake=uneven))
        (detail,) = latency.MAX_VARIATION.judge(scope, 0.5)
        self.assertIs(detail.kind, Kind.WAKE_LATENCY_CV)
        self.assertEmpty(latency.MAX_VARIATION.judge(scope, 0.9))
        once = runs.scope(runs.worker(cpu_hungry=False, wake=Histogram.of([5])))
        self.assertIs(latency.MAX_VARIATION.judge(once, 1)[0].verdict, Verdict.INCONCLUSIVE)


class DelayTest(absltest.TestCase):
    def test_waits_of_all_phases_and_workers_are_pooled(self) -> None:
        short = runs.phase(run_delay=Histogram.of([10_000] * 98))
        long = runs.phase(step=1, run_delay=Histogram.of([5_000_000]))
        scope = runs.scope(runs.worker(phases=(short, long)), runs.worker(index=1, phases=(long,)))
        (detail,) = delay.MAX_DELAY.judge(scope, 1_000)
        self.assertIn("of 100 waits, worst 5000.0 us (limit 1000 us)", detail.message)

    def test_without_phases_it_is_not_known(self) -> None:
        self.assertIs(delay.MAX_DELAY.judge(runs.scope(runs.worker()), 1)[0].kind, Kind.NO_DATA)


class MigrationRatioTest(absltest.TestCase):
    def test_migrations_by_iterations(self) -> None:
        scope = runs.scope(runs.worker(kernel_migrations=30, iterations=100))
        (detail,) = migration.MAX_RATIO.judge(scope, 0.2)
        self.assertIn("30 migrations in 100 iterations (limit 0.2 per iteration)", detail.message)
        self.assertEmpty(migration.MAX_RATIO.judge(scope, 0.3))

    def test_no_iteration_is_no_pass(self) -> None:
        (detail,) = migration.MAX_RATIO.judge(runs.scope(runs.worker(iterations=0)), 1)
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)


class MemoryTest(absltest.TestCase):
    def _scope(self, **changes: object) -> Scope:
        changes = {"numa_pages_migrated": 30, **changes}
        return Scope((runs.worker(cpuset="0-1", **changes),), _TWO_NODES)

    def test_pages_by_node(self) -> None:
        scope = self._scope(numa_pages={0: 70, 1: 30})
        self.assertEmpty(locality.MIN_LOCALITY.judge(scope, 0.7))
        (far,) = locality.MIN_LOCALITY.judge(scope, 0.71)
        self.assertIn("has 0.700 of its 100 pages on the nodes of its CPUs (at least", far.message)
        self.assertLen(locality.MAX_SLOW_TIER.judge(scope, 0.29), 1)
        self.assertEmpty(locality.MAX_SLOW_TIER.judge(scope, 0.3))
        (moved,) = locality.MAX_CROSS_NODE.judge(scope, 0.29)
        self.assertIn("had 30 pages moved between nodes, and has 100 (limit 0.29", moved.message)
        self.assertEmpty(locality.MAX_CROSS_NODE.judge(scope, 0.3))

    def test_no_pages_is_no_pass(self) -> None:
        for check in (locality.MIN_LOCALITY, locality.MAX_SLOW_TIER, locality.MAX_CROSS_NODE):
            (detail,) = check.judge(self._scope(), 0.5)
            self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)

    def test_a_kernel_that_does_not_count_is_told(self) -> None:
        scope = self._scope(numa_pages={0: 1}, numa_pages_migrated=None)
        (detail,) = locality.MAX_CROSS_NODE.judge(scope, 0.5)
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("it needs CONFIG_NUMA_BALANCING", detail.message)

    def test_a_machine_that_cannot_show_it_is_told(self) -> None:
        for check, words in (
            (locality.MAX_SLOW_TIER, "every node of this machine has CPUs"),
            (locality.MAX_CROSS_NODE, "this machine has one node"),
            (locality.MIN_LOCALITY, "no worker is confined"),
        ):
            (detail,) = check.judge(runs.scope(runs.worker(numa_pages={0: 1})), 0.5)
            self.assertIn(words, detail.message)


class CleanupTest(absltest.TestCase):
    def test_steps_and_the_backdrop_are_timed(self) -> None:
        step = StepFacts(0, "", S, 2 * S, 2 * S + 40 * MS)
        facts = ScenarioFacts(S, 3 * S, 1, 1, steps=(step,), cleanup_ns=7 * MS)
        scope = runs.scope(runs.worker(), scenarios=(facts,))
        (slow,) = cleanup.MAX_CLEANUP.judge(scope, 39)
        self.assertIn("the cleanup after step 0 took 40.0 ms (limit 39 ms)", slow.message)
        self.assertLen(cleanup.MAX_CLEANUP.judge(scope, 6), 2)


class ShareTest(absltest.TestCase):
    def _scope(self, *cpu_ns: int, weights: tuple[int, ...] = (100, 300), quota: str = "") -> Scope:
        workers = [
            runs.worker(cgroup=f"cg_{i}", index=k, cpu_ns=ns // 2)
            for i, ns in enumerate(cpu_ns)
            for k in range(2)
        ]
        cgroups = tuple(
            CgroupFacts(f"cg_{i}", 0, "", "0-1", weight, limits_in_force={"cpu.max": quota})
            for i, weight in enumerate(weights)
        )
        return runs.scope(*workers, cgroups=cgroups)

    def test_shares_by_weight_are_right(self) -> None:
        self.assertEmpty(share.MAX_ERROR.judge(self._scope(S // 2, S + S // 2), 0.1))
        light, heavy = share.portions(self._scope(S // 2, S + S // 2))
        self.assertEqual((light.promised, heavy.promised), (0.5, 1.5))

    def test_equal_shares_of_unequal_weights_are_not(self) -> None:
        twice, less = share.MAX_ERROR.judge(self._scope(S, S), 30)
        self.assertIn("cgroup cg_0 got 1.000 CPUs where its weight promises 0.500", twice.message)
        self.assertEqual(less.subject, "cg_1")

    def test_a_quota_caps_the_promise(self) -> None:
        scope = self._scope(S // 4, S // 4, quota="25000 100000")
        self.assertEmpty(share.MAX_ERROR.judge(scope, 0.1))

    def test_different_cpusets_are_filled_each(self) -> None:
        pinned = runs.worker(cgroup="cg_0", cpuset="0", cpu_ns=S)
        free = [runs.worker(cgroup="cg_1", index=k, cpu_ns=S // 2) for k in range(2)]
        cgroups = (CgroupFacts("cg_0", 0, "0", "0", 100), CgroupFacts("cg_1", 0, "", "0-1", 100))
        scope = runs.scope(pinned, *free, cgroups=cgroups)
        self.assertEmpty(share.MAX_ERROR.judge(scope, 0.1))

    def test_nothing_to_compare_is_told(self) -> None:
        for scope in (self._scope(S), self._scope(S, S, weights=(100,))):
            (detail,) = share.MAX_ERROR.judge(scope, 5)
            self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)


if __name__ == "__main__":
    absltest.main()
