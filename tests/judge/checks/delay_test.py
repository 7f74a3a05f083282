# SPDX-License-Identifier: Apache-2.0
"""Waits for a CPU, pooled over phases and workers."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks import delay
from ktstr.model.histogram import Histogram
from ktstr.model.verdict.kinds import Kind
from tests.support import runs


class DelayTest(absltest.TestCase):
    def test_waits_of_all_phases_and_workers_are_pooled(self) -> None:
        short = runs.phase(run_delay=Histogram.of([10_000] * 98))
        long = runs.phase(step=1, run_delay=Histogram.of([5_000_000]))
        scope = runs.scope(runs.worker(phases=(short, long)), runs.worker(index=1, phases=(long,)))
        (detail,) = delay.MAX_DELAY.judge(scope, 1_000)
        self.assertIn("of 100 waits, worst 5000.0 us (limit 1000 us)", detail.message)

    def test_without_phases_it_is_not_known(self) -> None:
        self.assertIs(delay.MAX_DELAY.judge(runs.scope(runs.worker()), 1)[0].kind, Kind.NO_DATA)


if __name__ == "__main__":
    absltest.main()
