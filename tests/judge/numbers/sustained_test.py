# SPDX-License-Identifier: Apache-2.0
"""What is sustained is what the slow way finds, too."""

from __future__ import annotations

import itertools

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.judge.numbers.sustained import Peak, fastest, longest, rises, sustained

settings.register_profile("ktstr", deadline=None, derandomize=True)
settings.load_profile("ktstr")

_SERIES = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 6)), max_size=25).map(
    lambda pairs: (
        list(itertools.accumulate(gap for gap, _ in pairs)),
        [value for _, value in pairs],
    )
)


class SustainedTest(parameterized.TestCase):
    @given(_SERIES, st.integers(1, 20), st.none() | st.integers(1, 5))
    def test_as_looking_at_each_stretch_by_itself(
        self, series: tuple[list[int], list[int]], span: int, apart: int | None
    ) -> None:
        at, values = series
        floors = []
        for first in range(len(at)):
            ends = [i for i in range(first + 1, len(at)) if at[i] - at[first] >= span]
            if not ends:
                continue
            gaps = [at[i] - at[i - 1] for i in range(first + 1, ends[0] + 1)]
            if apart is None or max(gaps) <= apart:
                floors.append(min(values[first : ends[0] + 1]))
        found = sustained(at, values, span, apart).highest()
        self.assertEqual(found.value if found else None, max(floors, default=None))

    @given(_SERIES, st.integers(1, 10), st.integers(0, 10))
    def test_longer_stretches_keep_up_less(
        self, series: tuple[list[int], list[int]], span: int, more: int
    ) -> None:
        short, long = (sustained(*series, length).highest() for length in (span, span + more))
        if long is not None:
            assert short is not None
            self.assertGreaterEqual(short.value, long.value)

    def test_one_peak_is_not_sustained(self) -> None:
        at = [0, 4, 8, 12, 16]
        self.assertEqual(sustained(at, [1, 9, 1, 1, 1], 8).highest(), Peak(1, 0, 8))
        self.assertEqual(sustained(at, [1, 9, 8, 9, 1], 8).highest(), Peak(8, 4, 12))
        self.assertIsNone(sustained(at, [1, 9, 8, 9, 1], 17).highest())

    def test_a_gap_ends_what_lasts(self) -> None:
        at = [0, 4, 8, 200, 204, 208, 212]
        self.assertEqual(sustained(at, [9, 9, 9, 9, 9, 9, 9], 12).highest(), Peak(9, 0, 200))
        self.assertEqual(sustained(at, [9, 9, 9, 9, 8, 9, 9], 12, 16).highest(), Peak(8, 200, 212))
        self.assertIsNone(sustained(at, [9, 9, 9, 9, 9, 9, 9], 100, 16).highest())

    def test_a_counter_that_begins_anew(self) -> None:
        self.assertEqual(list(rises([5, 7, 7, 2, 3])), [0, 2, 2, 4, 5])
        self.assertEqual(
            fastest([0, 10, 20, 30], [0, 0, 6, 1], 10, 100).highest(), Peak(60.0, 10, 20)
        )
        self.assertIsNone(fastest([0], [3], 10, 100).highest())

    def test_the_longest_that_something_holds(self) -> None:
        clock = [1, 1, 2, 2, 2, 3]
        stands = longest([0, 4, 8, 12, 16, 20], lambda a, b: clock[a] == clock[b])
        self.assertEqual(stands.highest(), Peak(8, 8, 16))
        self.assertEqual(longest([0, 4], lambda a, b: False).highest(), Peak(0, 0, 0))

    def test_the_first_that_passes_is_the_first_that_was_kept_up(self) -> None:
        at = [0, 4, 8, 12, 16, 20]
        kept = sustained(at, [1, 5, 5, 1, 9, 9], 4)
        self.assertEqual(kept.highest(), Peak(9, 16, 20))
        self.assertEqual(kept.first(lambda value: value > 4), Peak(5, 4, 8))
        self.assertIsNone(kept.first(lambda value: value > 9))
        stands = longest(at, lambda a, b: b not in (2, 3))
        self.assertEqual(stands.first(lambda value: value >= 8), Peak(8, 12, 20))


if __name__ == "__main__":
    absltest.main()
