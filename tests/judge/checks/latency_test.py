# SPDX-License-Identifier: Apache-2.0
"""Latencies of wake-ups: pools, limits, variation, missing data."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks import latency
from ktstr.judge.checks.latency import MAX_P99
from ktstr.model.histogram import Histogram
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs

US = 1_000


class WakeLatencyTest(absltest.TestCase):
    def _sleeper(self, *latencies_us: int, **changes: object) -> Detail | None:
        wake = Histogram.of([us * US for us in latencies_us])
        worker = runs.worker(work_type="Bursty", cpu_hungry=False, wake=wake, **changes)
        found = MAX_P99.judge(runs.scope(worker), 100)
        return found[0] if found else None

    def test_the_99th_of_100_counts(self) -> None:
        self.assertIsNone(self._sleeper(*[10] * 99, 5000))
        detail = self._sleeper(*[10] * 98, 5000, 5000)
        assert detail is not None
        self.assertIs(detail.kind, Kind.WAKE_LATENCY)
        self.assertIn("of 100 wake-ups, worst 5000.0 us (limit 100 us)", detail.message)

    def test_workers_of_a_cgroup_are_pooled(self) -> None:
        quick = runs.worker(cpu_hungry=False, wake=Histogram.of([US] * 990))
        slow = runs.worker(index=1, cpu_hungry=False, wake=Histogram.of([900 * US] * 9))
        self.assertEmpty(MAX_P99.judge(runs.scope(quick, slow), 100))

    def test_blocking_workers_without_a_sample_are_no_evidence(self) -> None:
        detail = self._sleeper()
        assert detail is not None
        self.assertIs(detail.kind, Kind.NO_DATA)

    def test_spinning_workers_alone_are_nothing_to_check(self) -> None:
        (detail,) = MAX_P99.judge(runs.scope(runs.worker()), 100)
        self.assertIn("no worker ever blocks", detail.message)


class LatencyVariationTest(absltest.TestCase):
    def test_even_and_uneven_wake_ups(self) -> None:
        uneven = Histogram.of([1_000] * 50 + [9_000] * 50)
        scope = runs.scope(runs.worker(cpu_hungry=False, wake=uneven))
        (detail,) = latency.MAX_VARIATION.judge(scope, 0.5)
        self.assertIs(detail.kind, Kind.WAKE_LATENCY_CV)
        self.assertEmpty(latency.MAX_VARIATION.judge(scope, 0.9))
        once = runs.scope(runs.worker(cpu_hungry=False, wake=Histogram.of([5])))
        self.assertIs(latency.MAX_VARIATION.judge(once, 1)[0].verdict, Verdict.INCONCLUSIVE)


if __name__ == "__main__":
    absltest.main()
