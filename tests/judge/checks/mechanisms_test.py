# SPDX-License-Identifier: Apache-2.0
"""Checks whose mechanism the kernel has for EEVDF's tasks alone."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest, parameterized

from ktstr.judge.checks.all import LIMITS, evaluate
from ktstr.judge.checks.mechanisms import MECHANISMS
from ktstr.judge.judge import judge
from ktstr.judge.workers.scope import Scope
from ktstr.model.machine.topology import TopologyView
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from tests.support import runs


class MechanismTest(parameterized.TestCase):
    @parameterized.parameters(0, 50)
    def test_cross_node_moves_are_never_judged_under_sched_ext(self, moved: int) -> None:
        workers = tuple(
            runs.worker(index=i, numa_pages={0: 60, 1: 40}, numa_pages_migrated=moved)
            for i in range(2)
        )
        of = runs.plan(checks=Checks(max_cross_node_migration_ratio=0.1), topology="2n2l1c1t")
        run = runs.good_run(of, workers=workers)
        found = [each.message for each in judge(run).details if "NUMA balancing" in each.message]
        self.assertLen(found, 2)
        self.assertIn("looks at the memory of EEVDF's tasks only", found[0])

    @parameterized.parameters((0.9, 1), (0.1, 0))
    def test_a_slow_tier_that_is_too_full_is_not_a_schedulers(self, part: float, told: int) -> None:
        slow = int(100 * part)
        worker = runs.worker(numa_pages={0: 100 - slow, 1: slow})
        machine = TopologyView((frozenset({0, 1}),), (frozenset({0, 1}), frozenset()), ())
        scope = Scope((worker,), machine, not_eevdfs=frozenset({"cg_0 worker 0.0"}))
        found = next(iter(evaluate(scope, Checks(max_slow_tier_ratio=0.5), {})))
        self.assertLen(found.details, told)
        for detail in found.details:
            self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
            self.assertIn("and so promotes none from there", detail.message)

    def test_under_eevdf_they_are(self) -> None:
        of = runs.plan(
            checks=Checks(max_cross_node_migration_ratio=0.1), topology="2n2l1c1t", scheduler=None
        )
        for moved, verdict in ((0, None), (50, Verdict.FAIL)):
            worker = runs.worker(numa_pages={0: 60, 1: 40}, numa_pages_migrated=moved)
            run = runs.good_run(of, workers=(worker,))
            kinds = {each.kind: each.verdict for each in judge(run).details}
            self.assertIs(kinds.get(Kind.CROSS_NODE_MIGRATION), verdict)

    def test_a_worker_of_another_class_is_judged_as_ever(self) -> None:
        of = runs.plan(checks=Checks(max_cross_node_migration_ratio=0.1), topology="2n2l1c1t")
        worker = runs.worker(numa_pages={0: 60, 1: 40}, numa_pages_migrated=50)
        run = runs.good_run(of, workers=(worker,))
        run = dataclasses.replace(
            run, ran_under=(dataclasses.replace(run.ran_under[0], samples={"fair": 9}),)
        )
        kinds = [each.kind for each in judge(run).details]
        self.assertIn(Kind.CROSS_NODE_MIGRATION, kinds)

    def test_the_table_names_checks_that_there_are(self) -> None:
        self.assertContainsSubset(MECHANISMS, {each.name for each in LIMITS})


if __name__ == "__main__":
    absltest.main()
