# SPDX-License-Identifier: Apache-2.0
"""Histograms: buckets that tile, merging as an algebra, percentiles by nearest rank."""

from absl.testing import absltest
from hypothesis import example, given
from hypothesis import strategies as st

from ktstr.model.histogram import SUBS, Histogram, bucket_bounds, bucket_of
from tests.model.strategies import NANOSECONDS

VALUES = st.integers(0, 2**63)
SAMPLES = st.lists(NANOSECONDS, max_size=200)


class HistogramTest(absltest.TestCase):
    @given(VALUES)
    def test_a_value_lies_in_its_bucket(self, value: int) -> None:
        low, high = bucket_bounds(bucket_of(value))
        self.assertBetween(value, low, high)

    @given(VALUES)
    def test_a_bucket_is_at_most_a_sixteenth_wide(self, value: int) -> None:
        low, high = bucket_bounds(bucket_of(value))
        self.assertLessEqual((high - low + 1) * SUBS, max(low, SUBS))

    @given(st.integers(0, 950))
    def test_buckets_follow_each_other(self, index: int) -> None:
        self.assertEqual(bucket_bounds(index + 1)[0], bucket_bounds(index)[1] + 1)

    @given(SAMPLES, SAMPLES)
    def test_merging_is_counting_all(self, a: list[int], b: list[int]) -> None:
        self.assertEqual(Histogram.of(a).merge(Histogram.of(b)), Histogram.of(a + b))

    @given(SAMPLES, SAMPLES, SAMPLES)
    def test_merging_is_associative_with_a_neutral(
        self, a: list[int], b: list[int], c: list[int]
    ) -> None:
        x, y, z = Histogram.of(a), Histogram.of(b), Histogram.of(c)
        self.assertEqual(x.merge(y).merge(z), x.merge(y.merge(z)))
        self.assertEqual(x.merge(Histogram({})), x)

    @given(st.lists(NANOSECONDS, min_size=1, max_size=300), st.integers(1, 100))
    def test_percentiles_are_nearest_rank_up_to_the_bucket(
        self, values: list[int], percent: int
    ) -> None:
        rank = -(-len(values) * percent // 100)
        exact = sorted(values)[rank - 1]
        found = Histogram.of(values).percentile(percent / 100)
        assert found is not None
        self.assertGreaterEqual(found, exact)
        self.assertLessEqual(found, bucket_bounds(bucket_of(exact))[1])

    @given(st.integers(1, 10_000), st.integers(1, 100))
    @example(100, 7)
    def test_rounding_never_moves_a_rank(self, count: int, percent: int) -> None:
        # with one sample on each side of the rank, a rank that is off by one shows
        rank = -(-count * percent // 100)
        histogram = Histogram({1: rank, 2: count - rank}, count, 0, 2)
        self.assertEqual(histogram.percentile(percent / 100), 1)

    def test_p99_of_a_hundred_is_the_99th(self) -> None:
        self.assertEqual(Histogram.of([1] * 99 + [15]).percentile(0.99), 1)
        self.assertEqual(Histogram.of([1] * 98 + [15] * 2).percentile(0.99), 15)

    def test_no_samples_have_no_percentile(self) -> None:
        self.assertIsNone(Histogram({}).percentile(0.99))

    def test_no_percentile_is_above_the_maximum(self) -> None:
        self.assertEqual(Histogram.of([1000]).percentile(0.5), 1000)


if __name__ == "__main__":
    absltest.main()
