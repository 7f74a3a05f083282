# SPDX-License-Identifier: Apache-2.0
"""The statistics do what their definitions say, and keep their word on suites of known truth."""

from __future__ import annotations

import itertools
import math

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.compare.correction import benjamini_hochberg
from ktstr.compare.permutation import Sample, boots_needed
from ktstr.compare.pooled import asked_of
from tests.compare.suites import Change, compared

_VALUES = st.lists(st.integers(0, 50).map(float), min_size=2, max_size=4)
# Binomial: of 60 suites, at one in 20 by chance, more than 8 come once in 200 times.
_SUITES, _MOST_WITH_ALARMS = 60, 8


def brute_p(sample: Sample) -> float:
    """Of all deals, the part that is at least as telling: from the definition, the slow way."""
    values = sample.base + sample.new
    n, m = len(sample.base), len(sample.new)

    def score(new: tuple[int, ...]) -> float:
        others = [i for i in range(n + m) if i not in new]
        sides = [values[i] for i in others], [values[i] for i in new]
        means = [math.fsum(side) / len(side) for side in sides]
        size = abs(means[1] - means[0])
        if size <= sample.gate:
            return 0.0
        squares = sum((v - mean) ** 2 for s, mean in zip(sides, means, strict=True) for v in s)
        room = math.sqrt(squares / (n + m - 2) * (1 / n + 1 / m)) + sample.gate
        return size / room if room else math.inf

    observed = score(tuple(range(n, n + m)))
    if not observed:
        return 1.0
    scores = [score(deal) for deal in itertools.combinations(range(n + m), m)]
    return sum(each >= observed * (1 - 1e-9) for each in scores) / len(scores)


def pooled_p(samples: list[Sample], level: float) -> list[float]:
    """What chance has in each."""
    return asked_of(samples, level).p


class PermutationTest(absltest.TestCase):
    @given(_VALUES, _VALUES, st.integers(1, 8).map(float))
    @settings(max_examples=100, deadline=None)
    def test_one_sample_has_the_p_of_its_definition(
        self, base: list[float], new: list[float], gate: float
    ) -> None:
        sample = Sample(tuple(base), tuple(new), gate)
        self.assertAlmostEqual(pooled_p([sample], 1.0)[0], brute_p(sample))

    @given(_VALUES, _VALUES)
    @settings(max_examples=50, deadline=None)
    def test_sides_change_places(self, base: list[float], new: list[float]) -> None:
        one = Sample(tuple(base), tuple(new), 1.0)
        other = Sample(tuple(new), tuple(base), 1.0)
        self.assertAlmostEqual(pooled_p([one], 1.0)[0], pooled_p([other], 1.0)[0])

    def test_quiet_pairs_make_a_loud_one_rarer(self) -> None:
        loud = Sample((1.0, 1.1, 0.9), (5.0, 5.1, 4.9), 0.5)
        quiet = Sample((1.0, 1.1, 0.9), (1.05, 0.95, 1.0), 0.5)
        self.assertAlmostEqual(pooled_p([loud], 0.2)[0], 2 / 20)
        self.assertAlmostEqual(pooled_p([loud, *[quiet] * 9], 0.2)[0], 2 / 200)

    def test_a_noisy_pair_among_quiet_ones_is_no_news(self) -> None:
        noisy = Sample((1.0, 9.0, 3.0), (8.0, 7.0, 2.0), 0.5)
        quiet = Sample((1.0, 1.1, 0.9), (1.05, 0.95, 1.0), 0.5)
        alone = pooled_p([noisy], 0.05)[0]
        self.assertGreater(alone, 0.05)
        self.assertEqual(pooled_p([noisy, *[quiet] * 99], 0.05)[0], alone)

    def test_same_is_what_lies_within_the_gate_for_sure(self) -> None:
        # Student: 2.4469 at 6 degrees of freedom, and each side has a variance of 2 / 3
        base = (9.0, 10.0, 10.0, 11.0 + 1e-9)
        spread = math.sqrt(4 / 6 * (1 / 4 + 1 / 4)) * 2.4469
        for gate, told in ((spread * 1.01, True), (spread * 0.99, False)):
            self.assertEqual(asked_of([Sample(base, base, gate)], 0.05).same, [told])
        moved = Sample(base, tuple(each + 3 for each in base), 2.0)
        self.assertEqual(asked_of([moved], 0.05).same, [False])

    def test_more_boots_than_deals_can_be_listed(self) -> None:
        base = tuple(float(i % 7) for i in range(12))
        moved = Sample(base, tuple(each + 20 for each in base), 1.0)
        self.assertEqual(pooled_p([moved], 0.05), [1 / 1000])
        self.assertEqual(pooled_p([Sample(base, base, 1.0)], 0.05), [1.0])

    @given(_VALUES, _VALUES, st.integers(-40, 40).map(float))
    @settings(max_examples=50, deadline=None)
    def test_the_interval_moves_with_the_change(
        self, base: list[float], new: list[float], by: float
    ) -> None:
        was = Sample(tuple(base), tuple(new), 1.0).interval
        now = Sample(tuple(base), tuple(each + by for each in new), 1.0).interval
        if was is None or now is None:
            self.assertIs(was, now)
            return
        self.assertAlmostEqual(now.low, was.low + by)
        self.assertAlmostEqual(now.high, was.high + by)
        self.assertLessEqual(was.low, was.high)

    def test_three_boots_refuse_nothing(self) -> None:
        self.assertIsNone(Sample((1.0, 2.0, 3.0), (9.0, 8.0, 7.0), 1.0).interval)

    def test_boots_that_are_needed(self) -> None:
        self.assertEqual(boots_needed(1, 1, 0.05), 4)  # 2 of 70 are below 0.05, 2 of 20 are not
        self.assertGreater(boots_needed(1000, 100, 0.05), boots_needed(1000, 1000, 0.05))


class CorrectionTest(absltest.TestCase):
    def test_an_example(self) -> None:
        # worked by hand: p(i) * 4 / i, the least of those from i on
        corrected = benjamini_hochberg([0.03, 0.01, 0.04, 0.5])
        expected = [0.03 * 4 / 2, 0.01 * 4, 0.04 * 4 / 3, 0.5]
        expected[0] = min(expected[0], expected[2])
        for found, each in zip(corrected, expected, strict=True):
            self.assertAlmostEqual(found, each)

    @given(st.lists(st.floats(0, 1), max_size=30))
    def test_order_stays_and_nothing_gets_smaller(self, probabilities: list[float]) -> None:
        corrected = benjamini_hochberg(probabilities)
        both = sorted(zip(probabilities, corrected, strict=True))
        self.assertEqual([q for _, q in both], sorted(corrected))
        self.assertTrue(all(p <= q <= 1 for p, q in both))


class TruthTest(absltest.TestCase):
    """Samples of what `//tests/compare:power` counts in full."""

    def test_suites_in_which_nothing_changed_are_quiet(self) -> None:
        noisy = sum(compared(seed, 30, 5, Change()).alarms > 0 for seed in range(_SUITES))
        self.assertLessEqual(noisy, _MOST_WITH_ALARMS)

    def test_a_slowdown_of_a_fifth_is_found_with_five_boots(self) -> None:
        scores = [compared(seed, 30, 5, Change(1.2)) for seed in range(10)]
        self.assertTrue(all(each.hits for each in scores))


if __name__ == "__main__":
    absltest.main()
