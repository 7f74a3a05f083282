# SPDX-License-Identifier: Apache-2.0
"""NUMA nodes that differ: what no machine is like, and where CPUs and memory are."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import Numa, resolve_cpuset
from ktstr.model.machine.numa import (
    NumaLayout,
    NumaNode,
    SideCache,
    check_distances,
    default_distances,
)
from ktstr.model.machine.topology import Topology, TopologyView

_LAYOUTS = (
    st.lists(st.integers(0, 3), min_size=1, max_size=5)
    .filter(any)
    .map(lambda llcs: NumaLayout(tuple(NumaNode(each, 0 if each else 64) for each in llcs)))
)


class LayoutTest(parameterized.TestCase):
    @parameterized.parameters(
        ((NumaNode(0, 64),), (), "no node has an LLC"),
        ((NumaNode(1), NumaNode()), (), "node 1 has neither LLCs nor memory"),
        ((NumaNode(1), NumaNode(1, -1)), (), "node 1: memory_mb is -1"),
        ((NumaNode(1), NumaNode(1)), ((10, 20),), "asked for 2 nodes"),
    )
    def test_refused(
        self, nodes: tuple[NumaNode, ...], distances: tuple[tuple[int, ...], ...], message: str
    ) -> None:
        with self.assertRaisesRegex(UsageError, message):
            NumaLayout(nodes, distances)

    @parameterized.parameters(
        ("2n3l1c1t", "axis n is 2, but the nodes of `numa` come to 3"),
        ("3n4l1c1t", "axis l is 4, but the nodes of `numa` come to 3"),
    )
    def test_text_and_layout_must_agree(self, text: str, message: str) -> None:
        layout = NumaLayout((NumaNode(1), NumaNode(2), NumaNode(0, 64)))
        with self.assertRaisesRegex(UsageError, message):
            Topology.parse(text, layout)

    def test_side_cache(self) -> None:
        with self.assertRaisesRegex(UsageError, "size_kb is 0"):
            SideCache(0)

    @given(_LAYOUTS, st.integers(1, 3), st.integers(1, 2))
    def test_every_cpu_is_on_the_node_of_its_llc(
        self, layout: NumaLayout, cores: int, threads: int
    ) -> None:
        machine = Topology(len(layout.nodes), layout.llcs, cores, threads, layout)
        view = TopologyView.of(machine)
        self.assertEqual(view.cpus, frozenset(range(machine.cpus)))
        self.assertEqual(sum(map(len, view.nodes)), machine.cpus)
        for llc, cpus in enumerate(view.llcs):
            self.assertLessEqual(cpus, view.nodes[machine.node_of_llc(llc)])
        self.assertEqual(
            view.memory_nodes, {i for i, node in enumerate(layout.nodes) if not node.llcs}
        )

    def test_the_nearest_cpus(self) -> None:
        distances = ((10, 40, 30), (40, 10, 20), (30, 20, 10))
        layout = NumaLayout((NumaNode(1), NumaNode(1), NumaNode(0, 64)), distances)
        self.assertEqual([layout.nearest(node) for node in range(3)], [0, 1, 1])

    @parameterized.parameters(
        (NumaNode(1, latency_ns=70001), "latency_ns is 70001; .* a multiple of 4 "),
        (NumaNode(1, bandwidth_mb_s=70001), "bandwidth_mb_s is 70001; .* a multiple of 2 "),
    )
    def test_what_hmat_cannot_state(self, node: NumaNode, message: str) -> None:
        with self.assertRaisesRegex(UsageError, "node 1: " + message):
            NumaLayout((NumaNode(1), node))

    def test_wide_memory_far_away(self) -> None:
        layout = NumaLayout(
            (NumaNode(1), NumaNode(1, bandwidth_mb_s=400_000)), ((10, 21), (21, 10))
        )
        table = layout.bandwidths()
        self.assertEqual((table[0, 0], table[1, 1]), (51200, 400_000))
        # 400000 * 10 / 21 is 190476, and 400000 needs a unit of 8
        self.assertEqual(table[0, 1], 190472)

    def test_no_cpuset_of_memory_alone(self) -> None:
        layout = NumaLayout((NumaNode(1), NumaNode(0, 64)))
        view = TopologyView.of(Topology.parse("2n1l1c1t", layout))
        with self.assertRaisesRegex(UsageError, "memory alone"):
            resolve_cpuset(Numa(1), view)


class DistancesTest(parameterized.TestCase):
    @parameterized.parameters(
        (((10, 20),), "asked for 2 nodes"),
        (((11, 20), (20, 10)), "node 0 to itself is 11"),
        (((10, 10), (10, 10)), "0-1 is 10; ACPI wants 11 to 254"),
        (((10, 255), (255, 10)), "0-1 is 255"),
        (((10, 20), (30, 10)), "differ: 20, 30"),
    )
    def test_refused(self, rows: tuple[tuple[int, ...], ...], message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            check_distances(rows, 2)

    @given(st.integers(1, 8))
    def test_default_is_fine(self, nodes: int) -> None:
        check_distances(default_distances(nodes), nodes)

    def test_unknown_is_unreachable(self) -> None:
        view = TopologyView((), (frozenset({0}), frozenset({1})), ())
        self.assertEqual((view.distance(0, 0), view.distance(0, 1)), (10, 255))


if __name__ == "__main__":
    absltest.main()
