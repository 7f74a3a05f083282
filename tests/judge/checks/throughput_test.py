# SPDX-License-Identifier: Apache-2.0
"""Work rates, iteration rates and how they vary: limits, words, missing data."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks import throughput
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs
from tests.support.runs import MS, S


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


if __name__ == "__main__":
    absltest.main()
