# SPDX-License-Identifier: Apache-2.0
"""Partitions: what every one of them promises on any machine, and their exact CPUs on some."""

from collections.abc import Callable
from itertools import pairwise

from absl.testing import absltest, parameterized
from hypothesis import assume, given
from hypothesis import strategies as st

from ktstr import scenarios
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.scenarios.partition import Partition
from tests.model.strategies import topologies

_TWO_PARTS: dict[str, Callable[[TopologyView], Partition]] = {
    "split_half": scenarios.split_half,
    "split_misaligned": scenarios.split_misaligned,
    "uneven": lambda view: scenarios.uneven(view, 0.75),
}
_SHARES = st.floats(0.01, 0.99)


def _view(text: str) -> TopologyView:
    return TopologyView.of(Topology.parse(text))


def _lists(parts: Partition) -> list[list[int]]:
    return [sorted(part) for part in parts]


class DisjointTest(parameterized.TestCase):
    def assert_divided(self, parts: Partition, cpus: frozenset[int]) -> None:
        self.assertNotIn(frozenset(), parts)
        self.assertEqual(sum(len(part) for part in parts), len(cpus))
        self.assertEqual(frozenset().union(*parts), cpus)

    @given(topologies(), st.sampled_from(sorted(_TWO_PARTS)))
    def test_two_parts_cover_the_usable_cpus_exactly_once(
        self, topology: Topology, name: str
    ) -> None:
        view = TopologyView.of(topology)
        if len(view.usable_cpus) < 2:
            with self.assertRaisesRegex(UsageError, "cannot be divided"):
                _TWO_PARTS[name](view)
            return
        parts = _TWO_PARTS[name](view)
        self.assertLen(parts, 2)
        self.assert_divided(parts, frozenset(view.usable_cpus))

    @given(topologies(), _SHARES)
    def test_an_uneven_cut_is_at_the_share(self, topology: Topology, share: float) -> None:
        view = TopologyView.of(topology)
        usable = len(view.usable_cpus)
        assume(usable >= 2)
        first, second = scenarios.uneven(view, share)
        self.assert_divided((first, second), frozenset(view.usable_cpus))
        self.assertLen(first, min(max(1, int(usable * share)), usable - 1))

    @given(topologies())
    def test_llcs_cover_the_usable_cpus(self, topology: Topology) -> None:
        view = TopologyView.of(topology)
        parts = scenarios.llc_aligned(view)
        self.assert_divided(parts, frozenset(view.usable_cpus))
        for part in parts:
            self.assertLen([llc for llc in view.llcs if part & llc], 1)

    @given(topologies(), _SHARES)
    def test_holdback_frees_its_share_of_all_cpus(self, topology: Topology, share: float) -> None:
        view = TopologyView.of(topology)
        kept = len(view.cpus) - int(len(view.cpus) * share)
        assume(kept >= 2)
        parts = scenarios.holdback(view, share)
        self.assert_divided(parts, frozenset(sorted(view.cpus)[:kept]))
        self.assertLessEqual(abs(len(parts[0]) - len(parts[1])), 1)

    @given(topologies())
    def test_thirds(self, topology: Topology) -> None:
        view = TopologyView.of(topology)
        assume(len(view.usable_cpus) >= 3)
        self.assert_divided(scenarios.thirds(view), frozenset(view.usable_cpus))


class OverlappingTest(parameterized.TestCase):
    @given(topologies(), st.integers(1, 9), st.floats(0, 1))
    def test_windows_are_never_empty_and_of_one_size(
        self, topology: Topology, count: int, share: float
    ) -> None:
        view = TopologyView.of(topology)
        parts = scenarios.overlapping(view, count, share)
        self.assertLen(parts, count)
        self.assertLen({len(part) for part in parts}, 1)
        for part in parts:
            self.assertNotEmpty(part)
            self.assertLessEqual(part, frozenset(view.usable_cpus))

    @given(topologies(), st.integers(2, 5))
    def test_neighbours_share_cpus_where_there_are_two(
        self, topology: Topology, count: int
    ) -> None:
        view = TopologyView.of(topology)
        assume(len(view.usable_cpus) >= 2)
        parts = scenarios.overlapping(view, count, 0.5)
        for first, second in pairwise(parts):
            self.assertTrue(first & second)


class ExactTest(parameterized.TestCase):
    @parameterized.parameters(
        ("1n2l2c1t", [[0, 1], [2]]),
        ("1n1l4c1t", [[0, 1, 2]]),
        ("1n3l1c1t", [[0], [1]]),
        ("2n2l1c1t", [[0], [1]]),
    )
    def test_llc_aligned(self, topology: str, expected: list[list[int]]) -> None:
        self.assertEqual(_lists(scenarios.llc_aligned(_view(topology))), expected)

    @parameterized.parameters(
        ("1n2l2c1t", [[0], [1, 2]]),
        ("1n2l4c1t", [[0, 1], [2, 3, 4, 5, 6]]),
        ("1n1l4c1t", [[0], [1, 2]]),
    )
    def test_split_misaligned(self, topology: str, expected: list[list[int]]) -> None:
        self.assertEqual(_lists(scenarios.split_misaligned(_view(topology))), expected)

    @parameterized.parameters(
        ("1n2l2c1t", 3, [[0, 1], [1, 2], [0, 2]]),
        ("2n4l2c1t", 3, [[0, 1], [1, 2], [2, 3]]),
        ("1n1l9c1t", 2, [[0, 1, 2, 3], [2, 3, 4, 5]]),
    )
    def test_overlapping(self, topology: str, count: int, expected: list[list[int]]) -> None:
        self.assertEqual(_lists(scenarios.overlapping(_view(topology), count, 0.5)), expected)

    def test_holdback(self) -> None:
        parts = scenarios.holdback(_view("1n1l9c1t"), 0.33)
        self.assertEqual(_lists(parts), [[0, 1, 2], [3, 4, 5, 6]])

    def test_refusals(self) -> None:
        view = _view("1n1l4c1t")
        for share in (0.0, 1.0, float("nan")):
            with self.assertRaisesRegex(UsageError, "not between 0 and 1"):
                scenarios.uneven(view, share)
            with self.assertRaisesRegex(UsageError, "not between 0 and 1"):
                scenarios.holdback(view, share)
        with self.assertRaisesRegex(UsageError, "0 windows"):
            scenarios.overlapping(view, 0, 0.5)
        with self.assertRaisesRegex(UsageError, "within 0 to 1"):
            scenarios.overlapping(view, 2, 1.5)
        with self.assertRaisesRegex(UsageError, "2 usable CPUs do not fill three parts"):
            scenarios.thirds(_view("1n1l2c1t"))


if __name__ == "__main__":
    absltest.main()
