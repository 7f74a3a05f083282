# SPDX-License-Identifier: Apache-2.0
"""Which CPUs each kind of affinity means."""

from __future__ import annotations

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.guest.scenario.affinity import resolve_affinity
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.work.work import (
    AffinityKind,
    CrossCgroup,
    ExactCpus,
    Inherit,
    LlcAligned,
    RandomSubset,
    SingleCpu,
)

_VIEW = TopologyView.of(Topology.parse("1n2l4c1t"))
_POOLS = st.frozensets(st.sampled_from(sorted(_VIEW.cpus)), min_size=1)


def _last(population: list[int], count: int) -> list[int]:
    return population[-count:]


def _resolve(kind: AffinityKind, pool: frozenset[int]) -> frozenset[int] | None:
    return resolve_affinity(kind, pool, _VIEW, _last)


class AffinityTest(absltest.TestCase):
    @given(_POOLS)
    def test_stays_within_the_pool(self, pool: frozenset[int]) -> None:
        self.assertIsNone(_resolve(Inherit(), pool))
        self.assertEqual(_resolve(SingleCpu(), pool), {min(pool)})
        half = _resolve(RandomSubset(), pool)
        assert half is not None
        self.assertLessEqual(half, pool)
        self.assertLen(half, max(1, len(pool) // 2))

    @given(_POOLS)
    def test_cross_cgroup_ignores_the_pool(self, pool: frozenset[int]) -> None:
        self.assertEqual(_resolve(CrossCgroup(), pool), _VIEW.cpus)

    @given(_POOLS)
    def test_llc_aligned_is_the_largest_overlap(self, pool: frozenset[int]) -> None:
        found = _resolve(LlcAligned(), pool)
        self.assertIn(found, [llc & pool for llc in _VIEW.llcs])
        self.assertLen(found, max(len(llc & pool) for llc in _VIEW.llcs))

    def test_llc_aligned_takes_the_first_of_equals(self) -> None:
        self.assertEqual(_resolve(LlcAligned(), frozenset({1, 6})), {1})

    @given(_POOLS, _POOLS)
    def test_exact_is_cut_down_or_refused(
        self, pool: frozenset[int], asked: frozenset[int]
    ) -> None:
        if pool & asked:
            self.assertEqual(_resolve(ExactCpus(asked), pool), pool & asked)
            return
        with self.assertRaisesRegex(UsageError, "none of these is among the cgroup's CPUs"):
            _resolve(ExactCpus(asked), pool)


if __name__ == "__main__":
    absltest.main()
