# SPDX-License-Identifier: Apache-2.0
"""Needs: which machines are too small, and in which words."""

from absl.testing import absltest, parameterized
from hypothesis import given

from ktstr.model.errors import UsageError
from ktstr.model.machine.needs import Needs
from ktstr.model.machine.topology import Topology, TopologyView
from tests.model.strategies import topologies


def _unmet(needs: Needs, topology: str) -> str:
    return needs.unmet(TopologyView.of(Topology.parse(topology)))


class NeedsTest(parameterized.TestCase):
    @given(topologies())
    def test_a_machine_meets_its_own_measures(self, topology: Topology) -> None:
        view = TopologyView.of(topology)
        own = Needs(topology.cpus, topology.llcs, topology.nodes, topology.threads)
        self.assertEqual(own.unmet(view), "")
        self.assertEqual(Needs().unmet(view), "")
        self.assertIn(f"{topology.cpus + 1} CPUs", Needs(cpus=topology.cpus + 1).unmet(view))

    @parameterized.parameters(
        (Needs(nodes=2), "1n2l2c1t", "2 NUMA nodes (there are 1)"),
        (Needs(cpus=8, llcs=4), "1n2l2c1t", "8 CPUs (there are 4) and 4 LLCs (there are 2)"),
        (Needs(threads=2), "1n2l2c1t", "2 threads in a core (there are 1)"),
    )
    def test_says_what_is_lacking(self, needs: Needs, topology: str, words: str) -> None:
        expected = f"{topology} is too small: the test needs {words}"
        self.assertEqual(_unmet(needs, topology), expected)

    @parameterized.parameters("cpus", "llcs", "nodes", "threads")
    def test_refuses_what_nothing_could_lack(self, name: str) -> None:
        with self.assertRaisesRegex(UsageError, rf"Needs\.{name} is 0"):
            Needs(**{name: 0})


if __name__ == "__main__":
    absltest.main()
