# SPDX-License-Identifier: Apache-2.0
"""A guest whose NUMA nodes are not those that were asked for makes no verdict."""

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.judge.run.machine import topology
from ktstr.model.facts import Hello
from ktstr.model.machine.numa import NodeFacts, NumaLayout, NumaNode, SideCache
from ktstr.model.plan import Plan
from ktstr.model.verdict.checks import Verdict
from tests.support import runs

_DISTANCES = ((10, 21, 25), (21, 10, 15), (25, 15, 10))
_LAYOUT = NumaLayout(
    (NumaNode(1, 512), NumaNode(0, 128, 400, 0, SideCache(1024)), NumaNode(1)), _DISTANCES
)
_PLAN = runs.plan(topology="3n2l1c1t", numa=_LAYOUT)
_NODES = (
    NodeFacts(500_000, _DISTANCES[0], 100, 51200, 0, 0),
    NodeFacts(128 << 10, _DISTANCES[1], 400, 20480, 1 << 20, 64),
    NodeFacts(300_000, _DISTANCES[2], 100, 51200, 0, 0),
)


def _hello(plan: Plan, **changes: Any) -> Hello:
    seen = {"llcs": ("0", "1"), "nodes": ("0", "", "1"), "numa": _NODES}
    return runs.hello(plan, **(seen | changes))


class NodesTest(parameterized.TestCase):
    def test_as_asked(self) -> None:
        self.assertEqual(topology(_PLAN, _hello(_PLAN)), [])

    @parameterized.parameters(
        ({"memory_kb": 100_000}, ""),  # the kernel keeps some
        ({"memory_kb": 200_000}, "node 1: memory 200000 KiB where 131072 was asked"),
        ({"memory_kb": 60_000}, "node 1: memory 60000 KiB where 131072 was asked"),
        ({"latency_ns": 0}, "node 1: latency in ns 0 where 400 was asked"),
        ({"bandwidth_mb_s": 1}, "node 1: bandwidth in MB/s 1 where 20480 was asked"),
        ({"side_cache_bytes": 0}, "node 1: side cache in bytes 0 where 1048576 was asked"),
        ({"side_cache_line": 32}, "node 1: line of its side cache 32 where 64 was asked"),
        ({"distances": (21, 10, 16)}, "NUMA distances 10 21 25 | 21 10 16 | 25 15 10 where"),
    )
    def test_a_node_that_differs(self, changes: dict[str, Any], message: str) -> None:
        numa = (_NODES[0], dataclasses.replace(_NODES[1], **changes), _NODES[2])
        details = topology(_PLAN, _hello(_PLAN, numa=numa))
        self.assertEqual(bool(details), bool(message))
        for detail in details:
            self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
            self.assertIn(message, detail.message)

    def test_nodes_with_each_others_cpus(self) -> None:
        (detail,) = topology(_PLAN, _hello(_PLAN, nodes=("1", "", "0")))
        self.assertIn("in the order 1 | - | 0 where 0 | - | 1 was asked", detail.message)

    def test_nodes_that_are_not_described(self) -> None:
        (detail,) = topology(_PLAN, _hello(_PLAN, numa=()))
        self.assertIn("0 NUMA nodes are described where 3 were asked", detail.message)

    def test_one_node_with_a_layout_is_compared_too(self) -> None:
        of = runs.plan(numa=NumaLayout((NumaNode(1, latency_ns=200),)))
        asked = NodeFacts(1, (10,), 200, 51200, 0, 0)
        self.assertEqual(topology(of, runs.hello(of, numa=(asked,))), [])
        (detail,) = topology(of, runs.hello(of))
        self.assertIn("0 NUMA nodes are described where 1 were asked", detail.message)


class CapacitiesTest(parameterized.TestCase):
    @parameterized.parameters(
        ("1n2l1c1t-bl", (1024, 446)), ("1n2l1c1t", ()), ("1n2l1c1t", (1024, 1024))
    )
    def test_as_asked(self, asked: str, capacities: tuple[int, ...]) -> None:
        plan = runs.plan(topology=asked)
        hello = runs.hello(plan, llcs=("0", "1"), capacities=capacities)
        self.assertEqual(topology(plan, hello), [])

    @parameterized.parameters(
        ("1n2l1c1t-bl", (1024, 1024), "1n2l1c1t-bb: ", "1024 1024 where 1024 446 was asked"),
        ("1n2l1c1t-bl", (), "1n2l1c1t: ", "none where 1024 446 was asked"),
        ("1n2l1c1t", (446, 1024), "1n2l1c1t-lb: ", "446 1024 where 1024 1024 was asked"),
    )
    def test_others_than_asked(
        self, asked: str, capacities: tuple[int, ...], seen: str, message: str
    ) -> None:
        plan = runs.plan(topology=asked)
        (detail,) = topology(plan, runs.hello(plan, llcs=("0", "1"), capacities=capacities))
        self.assertIs(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn(f"the guest is not {asked} but {seen}", detail.message)
        self.assertIn(f"capacities of CPUs {message}", detail.message)


if __name__ == "__main__":
    absltest.main()
