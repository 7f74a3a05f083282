# SPDX-License-Identifier: Apache-2.0
"""Topologies: their text, their arithmetic, and the sets of CPUs that scenarios see."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView, differing
from tests.model.strategies import topologies


class TopologyTest(parameterized.TestCase):
    @given(topologies())
    def test_text_round_trip(self, topology: Topology) -> None:
        self.assertEqual(Topology.parse(str(topology)), topology)

    def test_classes_are_capacities_of_cpus(self) -> None:
        topology = Topology.parse("1n2l2c1t-bl")
        self.assertEqual(str(topology), "1n2l2c1t-bl")
        self.assertEqual(topology.capacities(), (1024, 1024, 446, 446))
        self.assertEqual(TopologyView.of(topology).largest_cpus, {0, 1})

    def test_without_classes_all_cpus_are_the_largest(self) -> None:
        view = TopologyView.of(Topology.parse("1n2l2c1t"))
        self.assertEqual((view.capacities, view.largest_cpus), ((), {0, 1, 2, 3}))

    def test_cpus_that_are_alike_have_no_capacities_whether_classes_say_so_or_not(self) -> None:
        view = TopologyView.of(Topology.parse("1n2l2c1t-bb"))
        self.assertEqual((view.capacities, view.largest_cpus), ((), {0, 1, 2, 3}))
        self.assertEqual(differing((1024, 1024)), ())

    @parameterized.parameters(
        ({0, 1, 3}, (1024, 1024, 446), {0, 1}),
        ({1, 2, 3}, (446, 446, 1024), {3}),
        ({0, 1, 3}, (1024, 446), {0, 1, 3}),
    )
    def test_capacities_are_those_of_the_cpus_that_are_there(
        self, cpus: set[int], capacities: tuple[int, ...], largest: set[int]
    ) -> None:
        all_of_them = (frozenset(cpus),)
        view = TopologyView(all_of_them, all_of_them, (), capacities=capacities)
        self.assertEqual(view.largest_cpus, largest)

    @parameterized.parameters("1n2l2c1t-bl", "1n3l1c1t-mbl", "1n2l1c2t-lb")
    def test_classes_are_part_of_the_words(self, text: str) -> None:
        self.assertEqual(TopologyView.of(Topology.parse(text)).describe(), text)

    @parameterized.parameters(
        ("1n2l2c1t-b", "expected one letter for each of its 2 LLCs"),
        ("1n2l2c1t-bx", "expected one letter for each of its 2 LLCs"),
        ("1n2l2c1t-ll", "has no big CPUs"),
        ("1n2l2c1t-", "is not of the form"),
    )
    def test_classes_that_are_none_are_told(self, text: str, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            Topology.parse(text)

    @given(topologies(), st.data())
    def test_decompose_loses_nothing(self, topology: Topology, data: st.DataObject) -> None:
        cpu = data.draw(st.integers(0, topology.cpus - 1))
        llc, core, thread = topology.decompose(cpu)
        self.assertEqual((llc * topology.cores + core) * topology.threads + thread, cpu)
        self.assertLess(llc, topology.llcs)
        self.assertLess(core, topology.cores)
        self.assertLess(thread, topology.threads)

    @given(topologies(), st.data())
    def test_the_view_agrees_with_the_arithmetic(
        self, topology: Topology, data: st.DataObject
    ) -> None:
        view = TopologyView.of(topology)
        cpu = data.draw(st.integers(0, topology.cpus - 1))
        llc, core, _ = topology.decompose(cpu)
        self.assertIn(cpu, view.llcs[llc])
        self.assertIn(cpu, view.cores[llc * topology.cores + core])
        self.assertIn(cpu, view.nodes[topology.node_of_llc(llc)])
        self.assertEqual(view.nodes_of(view.llcs[llc]), {topology.node_of_llc(llc)})

    @given(topologies())
    def test_every_level_partitions_the_cpus(self, topology: Topology) -> None:
        view = TopologyView.of(topology)
        for level in (view.llcs, view.nodes, view.cores):
            self.assertEqual(sum(len(part) for part in level), topology.cpus)
            self.assertEqual(frozenset().union(*level), frozenset(range(topology.cpus)))
        self.assertEqual(view.describe(), str(topology))

    @given(topologies())
    def test_one_cpu_of_more_than_two_is_not_usable(self, topology: Topology) -> None:
        view = TopologyView.of(topology)
        left_out = view.cpus - set(view.usable_cpus)
        self.assertEqual(left_out, {topology.cpus - 1} if topology.cpus > 2 else set())

    def test_an_uneven_machine_is_called_so(self) -> None:
        view = TopologyView(
            llcs=(frozenset({0, 1}), frozenset({2})),
            nodes=(frozenset({0, 1, 2}),),
            cores=(frozenset({0}), frozenset({1}), frozenset({2})),
        )
        self.assertEqual(view.describe(), "uneven: 1 nodes, 2 LLCs, 3 cores, 3 CPUs")

    @parameterized.parameters(
        "", "1n2l4c", "2l1n4c1t", "1N2L4C1T", " 1n1l1c1t", "1n1l1c1t\n", "-1n1l1c1t", "1.5n1l1c1t",
        "٣n3l1c1t",
    )  # fmt: skip
    def test_malformed_text_is_refused(self, text: str) -> None:
        with self.assertRaisesRegex(UsageError, "not of the form NnNlNcNt, e.g. 1n2l4c1t"):
            Topology.parse(text)

    def test_a_number_beyond_all_machines_is_refused(self) -> None:
        with self.assertRaisesRegex(UsageError, "not of the form NnNlNcNt"):
            Topology.parse("9" * 5000 + "n1l1c1t")

    @parameterized.parameters(("0n1l1c1t", "nodes"), ("1n0l1c1t", "llcs"), ("1n1l1c0t", "threads"))
    def test_an_axis_of_zero_is_named(self, text: str, axis: str) -> None:
        with self.assertRaisesRegex(UsageError, f"{text}: {axis} is 0"):
            Topology.parse(text)

    def test_llcs_that_do_not_divide_are_refused(self) -> None:
        with self.assertRaisesRegex(UsageError, "3 LLCs do not divide over 2 NUMA nodes"):
            Topology.parse("2n3l1c1t")


if __name__ == "__main__":
    absltest.main()
