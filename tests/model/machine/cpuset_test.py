# SPDX-License-Identifier: Apache-2.0
"""The six ways to name CPUs, on any machine."""

import itertools

from absl.testing import absltest, parameterized
from hypothesis import assume, given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import (
    CpusetSpec,
    Disjoint,
    Exact,
    Llc,
    Numa,
    Overlap,
    Range,
    resolve_cpuset,
)
from ktstr.model.machine.topology import Topology, TopologyView
from tests.model.strategies import cpusets, topologies

TWO_NODES = TopologyView.of(Topology.parse("2n4l2c1t"))


class CpusetTest(parameterized.TestCase):
    @given(topologies(), cpusets())
    def test_a_spec_names_cpus_of_the_machine_or_is_refused(
        self, topology: Topology, spec: CpusetSpec
    ) -> None:
        view = TopologyView.of(topology)
        try:
            cpus = resolve_cpuset(spec, view)
        except UsageError:
            return
        self.assertNotEmpty(cpus)
        self.assertLessEqual(cpus, view.cpus)

    @given(topologies(), st.integers(1, 9))
    def test_disjoint_parts_cover_the_usable_cpus_once(
        self, topology: Topology, parts: int
    ) -> None:
        view = TopologyView.of(topology)
        assume(parts <= len(view.usable_cpus))
        sets = [resolve_cpuset(Disjoint(i, parts), view) for i in range(parts)]
        self.assertEqual(sum(len(cpus) for cpus in sets), len(view.usable_cpus))
        self.assertEqual(frozenset().union(*sets), set(view.usable_cpus))

    @given(topologies(), st.integers(1, 9), st.floats(0.0, 1.0))
    def test_overlap_windows_hold_their_part(
        self, topology: Topology, parts: int, frac: float
    ) -> None:
        view = TopologyView.of(topology)
        assume(parts <= len(view.usable_cpus))
        for i in range(parts):
            window = resolve_cpuset(Overlap(i, parts, frac), view)
            part = resolve_cpuset(Disjoint(i, parts), view)
            self.assertLessEqual(part, window)
            self.assertLessEqual(window, set(view.usable_cpus))
            if frac == 0.0:
                self.assertEqual(window, part)

    @given(topologies(), st.lists(st.floats(0.01, 0.99), max_size=5))
    def test_ranges_that_share_their_ends_tile(
        self, topology: Topology, inner: list[float]
    ) -> None:
        view = TopologyView.of(topology)
        cuts = [0.0, *sorted(set(inner)), 1.0]
        found: list[int] = []
        for start, end in itertools.pairwise(cuts):
            try:
                found += sorted(resolve_cpuset(Range(start, end), view))
            except UsageError as error:
                self.assertIn("names no CPU", str(error))
        self.assertEqual(found, list(view.usable_cpus))

    def test_levels_hold_the_cpu_that_stays_free_too(self) -> None:
        self.assertEqual(resolve_cpuset(Llc(3), TWO_NODES), {6, 7})
        self.assertEqual(resolve_cpuset(Numa(1), TWO_NODES), {4, 5, 6, 7})
        self.assertEqual(resolve_cpuset(Range(0.0, 1.0), TWO_NODES), set(range(7)))
        self.assertEqual(resolve_cpuset(Exact(frozenset({0, 7})), TWO_NODES), {0, 7})

    @parameterized.parameters(
        (Llc(4), "4 LLCs, numbered from 0"),
        (Numa(-1), "2 NUMA nodes"),
        (Range(0.5, 0.5), "start must be below end"),
        (Range(0.0, 0.1), "names no CPU of the 7 usable ones"),
        (Range(float("nan"), 1.0), "start must be a finite number from 0 to 1"),
        (Range(0.0, 1.5), "end must be a finite number from 0 to 1"),
        (Disjoint(0, 0), "of must be at least 1"),
        (Disjoint(2, 2), "index must be at least 0 and below of"),
        (Disjoint(0, 8), "7 usable CPUs do not fill 8 parts"),
        (Overlap(0, 2, float("inf")), "frac must be a finite number"),
        (Exact(frozenset()), "no CPU is named"),
        (Exact(frozenset({7, 8, 9})), "CPUs 8-9 do not exist; the machine has 0-7"),
    )
    def test_what_makes_no_sense_is_refused(self, spec: CpusetSpec, message: str) -> None:
        with self.assertRaisesRegex(UsageError, message):
            resolve_cpuset(spec, TWO_NODES)


if __name__ == "__main__":
    absltest.main()
