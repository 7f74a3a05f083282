# SPDX-License-Identifier: Apache-2.0
"""Migrations by time and by iterations."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks import migration
from ktstr.judge.checks.migration import MAX_RATE
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs


class MigrationTest(absltest.TestCase):
    def test_the_kernels_count_goes_before_the_sampled_one(self) -> None:
        (detail,) = MAX_RATE.judge(
            runs.scope(runs.worker(migrations=1, kernel_migrations=300)), 200
        )
        self.assertIs(detail.kind, Kind.MIGRATION)
        self.assertIn(
            "300 migrations in 1.00 s: 300.0 per second (limit 200 per second)", detail.message
        )
        self.assertEmpty(MAX_RATE.judge(runs.scope(runs.worker(kernel_migrations=200)), 200))
        self.assertLen(
            MAX_RATE.judge(runs.scope(runs.worker(migrations=9, kernel_migrations=None)), 8), 1
        )

    def test_the_unmeasured_is_no_evidence(self) -> None:
        (detail,) = MAX_RATE.judge(runs.scope(runs.worker(kernel_migrations=None, samples=0)), 1)
        self.assertIs(detail.kind, Kind.NO_DATA)


class MigrationRatioTest(absltest.TestCase):
    def test_migrations_by_iterations(self) -> None:
        scope = runs.scope(runs.worker(kernel_migrations=30, iterations=100))
        (detail,) = migration.MAX_RATIO.judge(scope, 0.2)
        self.assertIn("30 migrations in 100 iterations (limit 0.2 per iteration)", detail.message)
        self.assertEmpty(migration.MAX_RATIO.judge(scope, 0.3))

    def test_no_iteration_is_no_pass(self) -> None:
        (detail,) = migration.MAX_RATIO.judge(runs.scope(runs.worker(iterations=0)), 1)
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)


if __name__ == "__main__":
    absltest.main()
