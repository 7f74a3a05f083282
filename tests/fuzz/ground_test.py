# SPDX-License-Identifier: Apache-2.0
"""Stretches of code, against sets of bytes."""

from __future__ import annotations

import itertools

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.fuzz.ground import Ground

_STRETCHES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda at: (at[0], at[0] + at[1]))
)


class GroundTest(absltest.TestCase):
    @given(_STRETCHES)
    def test_it_is_a_set_of_bytes(self, stretches: list[tuple[int, int]]) -> None:
        ground, known = Ground(), set[int]()
        for start, end in stretches:
            gain = len(set(range(start, end)) - known)
            known |= set(range(start, end))
            self.assertEqual(ground.add(start, end), gain)
        self.assertEqual(ground.size, len(known))
        told = list(ground)
        self.assertEqual({at for start, end in told for at in range(start, end)}, known)
        for one, other in itertools.pairwise(told):
            self.assertLess(one[1], other[0])

    @given(_STRETCHES, _STRETCHES)
    def test_what_lies_beyond(
        self, known: list[tuple[int, int]], more: list[tuple[int, int]]
    ) -> None:
        ground = Ground(known)
        there = {at for start, end in known for at in range(start, end)}
        more = [each for each in more if each[0] < each[1]]
        expected = tuple(each for each in more if not set(range(*each)) <= there)
        self.assertEqual(ground.beyond(more), expected)


if __name__ == "__main__":
    absltest.main()
