# SPDX-License-Identifier: Apache-2.0
"""Student's t against published tables and against itself."""

from __future__ import annotations

import statistics

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.judge.numbers.student import quantile, within

_CONFIDENCES = st.floats(0.01, 0.9999)
_FREEDOMS = st.integers(1, 200)


class StudentTest(parameterized.TestCase):
    @parameterized.parameters(
        (0.95, 1, 12.706),
        (0.95, 2, 4.303),
        (0.95, 4, 2.776),
        (0.95, 9, 2.262),
        (0.95, 30, 2.042),
        (0.90, 3, 2.353),
        (0.99, 4, 4.604),
        (0.999, 5, 6.869),
        (0.98, 120, 2.358),
    )
    def test_agrees_with_the_tables(self, confidence: float, freedom: int, t: float) -> None:
        self.assertAlmostEqual(quantile(confidence, freedom), t, places=3)

    @given(_CONFIDENCES, _FREEDOMS)
    def test_quantile_undoes_within(self, confidence: float, freedom: int) -> None:
        self.assertAlmostEqual(within(quantile(confidence, freedom), freedom), confidence, places=9)

    @given(_CONFIDENCES, st.integers(1, 199))
    def test_more_freedom_is_a_narrower_interval(self, confidence: float, freedom: int) -> None:
        self.assertGreater(quantile(confidence, freedom), quantile(confidence, freedom + 1))

    @given(st.floats(0.5, 0.999))
    def test_it_comes_near_the_normal_distribution(self, confidence: float) -> None:
        normal = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
        self.assertAlmostEqual(quantile(confidence, 1000), normal, delta=0.01)


if __name__ == "__main__":
    absltest.main()
