# SPDX-License-Identifier: Apache-2.0
"""Pages by node: limits, and what cannot show them."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.checks import locality
from ktstr.judge.workers.scope import Scope
from ktstr.model.machine.topology import TopologyView
from ktstr.model.verdict.checks import Verdict
from tests.support import runs

_TWO_NODES = TopologyView(
    llcs=(frozenset({0, 1}),), nodes=(frozenset({0, 1}), frozenset()), cores=()
)


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


if __name__ == "__main__":
    absltest.main()
