# SPDX-License-Identifier: Apache-2.0
"""Workers outside their cpuset, and those of whom nobody knows where they ran."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks.isolation import isolation
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs


class IsolationTest(absltest.TestCase):
    def test_a_cpu_outside_the_cpuset_fails(self) -> None:
        stray = runs.worker(cpuset="0-1", ran_on={0: runs.S, 3: 2 * runs.MS, 2: runs.MS})
        (detail,) = isolation((stray,))
        self.assertIs(detail.kind, Kind.ISOLATION)
        self.assertIn("ran for 3.0 ms on CPUs 2-3, outside its cpuset 0-1", detail.message)

    def test_inside_is_fine_and_no_cpuset_is_not_judged_beside_one(self) -> None:
        self.assertEmpty(isolation((runs.worker(cpuset="0-1"), runs.worker(index=1))))

    def test_nothing_to_check_is_said(self) -> None:
        (detail,) = isolation((runs.worker(),))
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("give a CgroupDef one", detail.message)

    def test_work_on_no_known_cpu_is_no_evidence(self) -> None:
        (detail,) = isolation((runs.worker(cpuset="0", ran_on={}),))
        self.assertIs(detail.kind, Kind.NO_DATA)


if __name__ == "__main__":
    absltest.main()
