# SPDX-License-Identifier: Apache-2.0
"""Variation of numbers and of histograms."""

from __future__ import annotations

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.judge.numbers.spread import histogram_variation, tail_ratio, variation
from ktstr.model.histogram import Histogram


class VariationTest(absltest.TestCase):
    @given(st.lists(st.integers(1, 10**9), min_size=2, max_size=2).map(lambda v: [v[0]] * 5))
    def test_a_constant_series_does_not_vary(self, values: list[float]) -> None:
        self.assertAlmostEqual(variation(values) or 0.0, 0.0)

    @given(st.lists(st.integers(0, 10**9), min_size=2, max_size=30))
    def test_a_histogram_varies_nearly_as_its_samples(self, values: list[int]) -> None:
        exact, rough = variation(values), histogram_variation(Histogram.of(values))
        if exact is None or rough is None:
            self.assertEqual(sum(values), 0)
        else:
            self.assertAlmostEqual(exact, rough, delta=0.07 * (1 + exact))

    def test_nothing_to_divide_by_is_no_value(self) -> None:
        self.assertIsNone(variation([1.0]))
        self.assertIsNone(variation([0.0, 0.0]))
        self.assertIsNone(histogram_variation(Histogram.of([5])))
        self.assertIsNone(tail_ratio(Histogram.of([0, 0, 0])))
        self.assertEqual(tail_ratio(Histogram.of([2] * 99 + [8] * 2)), 4)


if __name__ == "__main__":
    absltest.main()
