# SPDX-License-Identifier: Apache-2.0
"""Stretches of time: what samples say, and what becomes of it where there is too much to draw."""

from __future__ import annotations

import itertools

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.page.stretches import (
    LEVELS,
    Samples,
    Stretch,
    flat,
    joined,
    most_of_time,
    most_there_was,
)
from ktstr.page.window import Window
from tests.support import result_strategies  # noqa: F401 - its settings

_LENGTH = 1_000_000
_WINDOW = Window(1_000, 1_000 + _LENGTH * 1_000)


@st.composite
def _stretches(draw: st.DrawFn) -> list[Stretch]:
    edges = sorted(draw(st.sets(st.integers(0, _LENGTH), min_size=2, max_size=60)))
    kept = [pair for pair in itertools.pairwise(edges) if draw(st.booleans())]
    return joined(Stretch(start, end, draw(st.integers(0, 4))) for start, end in kept)


class SamplesTest(absltest.TestCase):
    def test_a_value_holds_until_the_next_sample(self) -> None:
        samples = Samples((1_000, 3_000, 5_000), Window(1_000, 7_000), 100_000)
        self.assertEqual(samples.stretches((1, 1, 2)), [Stretch(0, 4, 1), Stretch(4, 6, 2)])

    def test_but_no_longer_than_it_may(self) -> None:
        samples = Samples((0, 10_000), Window(0, 20_000), 3_000)
        self.assertEqual(samples.stretches((5, 5)), [Stretch(0, 3, 5), Stretch(10, 13, 5)])

    def test_what_lies_outside_of_the_window_is_left_out(self) -> None:
        samples = Samples((0, 10_000, 20_000, 30_000), Window(12_000, 25_000), 100_000)
        self.assertEqual(samples.stretches((1, 2, 3, 4)), [Stretch(0, 8, 2), Stretch(8, 13, 3)])

    def test_none_within(self) -> None:
        self.assertEqual(Samples((), Window(0, 1_000), 1_000).stretches(()), [])
        self.assertEqual(Samples((5_000,), Window(0, 1_000), 1_000).stretches((1,)), [])


class ThinningTest(absltest.TestCase):
    @given(_stretches(), st.integers(1, 30))
    def test_few_are_left_and_they_lie_in_order(self, given_: list[Stretch], bins: int) -> None:
        for thinned in (most_of_time, most_there_was):
            found = thinned(given_, _LENGTH, bins)
            self.assertLessEqual(len(found), max(bins, 0))
            for one, other in itertools.pairwise(found):
                self.assertLessEqual(one.end, other.start)

    @given(_stretches())
    def test_few_are_left_alone(self, given_: list[Stretch]) -> None:
        self.assertEqual(most_of_time(given_, _LENGTH, 1_000), given_)
        self.assertEqual(most_there_was(given_, _LENGTH, 1_000), given_)

    @given(_stretches(), st.integers(1, 30))
    def test_the_largest_value_is_never_lost(self, given_: list[Stretch], bins: int) -> None:
        found = most_there_was(given_, _LENGTH, bins)
        most = max((each.value for each in given_), default=None)
        self.assertEqual(max((each.value for each in found), default=None), most)

    def test_the_value_with_most_of_a_part_and_how_much_there_was(self) -> None:
        busy = [Stretch(0, 10, 1), Stretch(10, 40, 2), Stretch(50, 51, 1)]
        self.assertEqual(
            most_of_time(busy, 100, 2), [Stretch(0, 50, 2, LEVELS), Stretch(50, 100, 1, 1)]
        )


class FlatTest(absltest.TestCase):
    @given(_stretches())
    def test_all_can_be_read_back(self, given_: list[Stretch]) -> None:
        numbers = flat(given_)
        read, at = [], 0
        for gap, length, value, level in zip(*[iter(numbers)] * 4, strict=True):
            read.append(Stretch(at + gap, at + gap + length, value, level))
            at += gap + length
        self.assertEqual(read, given_)

    def test_times_are_rounded_to_units_and_nothing_overlaps(self) -> None:
        self.assertEqual(
            flat([Stretch(0, 104, 1), Stretch(104, 106, 2), Stretch(106, 199, 3)], 10),
            [0, 10, 1, 4, 0, 1, 2, 4, 0, 9, 3, 4],
        )
        self.assertEqual(flat([Stretch(101, 103, 1)], 10), [])


if __name__ == "__main__":
    absltest.main()
