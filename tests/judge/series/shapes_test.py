# SPDX-License-Identifier: Apache-2.0
"""Which values over time have which shape."""

from __future__ import annotations

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.judge.series.shapes import Point, has_shape, means
from ktstr.model.verdict.claims import Relation
from ktstr.model.verdict.series import series

_S = 1_000_000_000


def _points(*values: float) -> list[Point]:
    """One each 100 ms."""
    return [Point(number * _S / 10, value) for number, value in enumerate(values)]


_any = series("nr_running")


class ShapesTest(parameterized.TestCase):
    @parameterized.parameters(
        (_any.within(1, 3).shape, (1, 3, 2), True, "least 1 at 0.000 s, most 3 at 0.100 s"),
        (_any.within(1, 3).shape, (1, 9, 4), False, "9 at 0.100 s, 2 of 3 values outside"),
        (_any.within(1, 3).shape, (1, 0, -7), False, "-7 at 0.200 s, 2 of 3 values outside"),
        (_any.steady(2).shape, (5, 7, 6), True, "least 5 at 0.000 s, most 7 at 0.100 s"),
        (_any.steady(1).shape, (5, 7, 6), False, "least 5 at 0.000 s, most 7 at 0.100 s"),
        (_any.rises().shape, (1, 1, 2), True, "from 1 at 0.000 s to 2 at 0.200 s"),
        (_any.rises().shape, (1, 1, 1), False, "from 1 at 0.000 s to 1 at 0.200 s"),
        (_any.rises(by=3).shape, (1, 2, 4), False, "from 1 at 0.000 s to 4 at 0.200 s"),
        (_any.rises().shape, (1, 5, 4, 9), False, "5 at 0.100 s, then 4 at 0.200 s"),
        (_any.rises(slack=1).shape, (1, 5, 4, 9), True, "from 1 at 0.000 s to 9 at 0.300 s"),
        (_any.falls().shape, (4, 4, 1), True, "from 4 at 0.000 s to 1 at 0.200 s"),
        (_any.falls().shape, (4, 1, 2), False, "1 at 0.100 s, then 2 at 0.200 s"),
        (_any.falls(by=2, slack=1).shape, (4, 1, 2, 1), True, "from 4 at 0.000 s to 1 at 0.300 s"),
        (_any.converges(4, 1).shape, (9, 6, 5, 4), True, "there to stay with 5 at 0.200 s"),
        (_any.converges(4, 1).shape, (4, 4, 9), False, "9 at 0.200 s at its end"),
        (_any.converges(4, 1).shape, (4, 5, 4), True, "there to stay with 4 at 0.000 s"),
        (_any.converges(4, 1, 0.2).shape, (9, 9, 4), True, "there to stay with 4 at 0.200 s"),
        (_any.converges(4, 1, 0.1).shape, (9, 9, 4), False, "there to stay with 4 at 0.200 s"),
    )
    def test_shapes(
        self, shape: Relation, values: tuple[float, ...], holds: bool, seen: str
    ) -> None:
        self.assertEqual(has_shape(shape, _points(*values)), (holds, seen))

    def test_means_are_of_stretches(self) -> None:
        found = means(_points(0, 2, 4, 6, 8), 0.2 * _S)
        self.assertEqual([each.value for each in found], [1, 5, 8])
        self.assertEqual([each.at_ns / _S for each in found], [0, 0.2, 0.4])

    @given(st.lists(st.integers(-9, 9), min_size=3, max_size=12))
    def test_what_rises_falls_turned_around(self, values: list[int]) -> None:
        rises, _ = has_shape(_any.rises(1, 2).shape, _points(*values))
        falls, _ = has_shape(_any.falls(1, 2).shape, _points(*(-each for each in values)))
        self.assertEqual(rises, falls)

    @given(st.lists(st.integers(-9, 9), min_size=3, max_size=12), st.integers(0, 9))
    def test_what_is_steady_is_within_its_ends(self, values: list[int], spread: int) -> None:
        steady, _ = has_shape(_any.steady(spread).shape, _points(*values))
        low = min(values)
        within, _ = has_shape(_any.within(low, low + spread).shape, _points(*values))
        self.assertEqual(steady, within)


if __name__ == "__main__":
    absltest.main()
