# SPDX-License-Identifier: Apache-2.0
"""Gaps: the limit, and workers that never came back."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks.gaps import MAX_GAP
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs


class StuckTest(absltest.TestCase):
    def test_the_limit_itself_is_allowed(self) -> None:
        at_limit = runs.worker(max_gap_ns=100 * runs.MS)
        self.assertEmpty(MAX_GAP.judge(runs.scope(at_limit), 100))
        (detail,) = MAX_GAP.judge(runs.scope(runs.worker(max_gap_ns=100 * runs.MS + 1)), 100)
        self.assertIn(
            "was stuck for 100.0 ms on CPU 1, 300 ms after its start (limit 100 ms)", detail.message
        )

    def test_a_worker_that_never_came_back_is_stuck(self) -> None:
        lost = runs.worker(samples=0, completed=False, max_gap_ns=runs.S)
        self.assertEqual([d.kind for d in MAX_GAP.judge(runs.scope(lost), 500)], [Kind.STUCK])

    def test_one_that_crashed_is_not_stuck(self) -> None:
        crashed = runs.worker(
            completed=False,
            exit_info="killed by SIGSEGV",
            max_gap_ns=900 * runs.MS,
            max_gap_at_ns=2 * runs.S,
        )
        (detail,) = MAX_GAP.judge(runs.scope(crashed), 100)
        self.assertEqual((detail.kind, detail.verdict), (Kind.NO_DATA, Verdict.INCONCLUSIVE))
        self.assertIn("killed by SIGSEGV", detail.message)

    def test_unsampled_work_is_no_evidence(self) -> None:
        (detail,) = MAX_GAP.judge(runs.scope(runs.worker(samples=0)), 100)
        self.assertIs(detail.kind, Kind.NO_DATA)


if __name__ == "__main__":
    absltest.main()
