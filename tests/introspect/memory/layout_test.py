# SPDX-License-Identifier: Apache-2.0
"""RAM of a q35 machine lies below 2 GiB or 2816 MiB, and from 4 GiB on."""

import itertools

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.memory.layout import Extent, extents, within

MIB, GIB = 1 << 20, 1 << 30


class LayoutTest(absltest.TestCase):
    def test_a_small_machine_is_in_one_piece(self) -> None:
        self.assertEqual(extents([2815 * MIB]), (Extent(0, 0, 0, 2815 * MIB),))

    def test_a_large_machine_is_split_at_two_gib(self) -> None:
        self.assertEqual(
            extents([2816 * MIB]),
            (Extent(0, 0, 0, 2 * GIB), Extent(4 * GIB, 0, 2 * GIB, 768 * MIB)),
        )

    def test_nodes_follow_each_other_across_the_split(self) -> None:
        self.assertEqual(
            extents([GIB, 2 * GIB, GIB]),
            (
                Extent(0, 0, 0, GIB),
                Extent(GIB, 1, 0, GIB),
                Extent(4 * GIB, 1, GIB, GIB),
                Extent(5 * GIB, 2, 0, GIB),
            ),
        )

    @given(st.lists(st.integers(64, 4096).map(lambda mib: mib * MIB), min_size=1, max_size=8))
    def test_every_byte_has_one_address(self, nodes: list[int]) -> None:
        found = extents(nodes)
        self.assertEqual(sum(each.size for each in found), sum(nodes))
        for one, other in itertools.pairwise(found):
            self.assertLessEqual(one.end, other.physical)
        for each in found:
            self.assertEqual(within(found, each.end - 1), each)
        self.assertIsNone(within(found, found[-1].end))


if __name__ == "__main__":
    absltest.main()
