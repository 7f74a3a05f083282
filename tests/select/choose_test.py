# SPDX-License-Identifier: Apache-2.0
"""Greedy choice under a budget."""

import random

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from tools.select.candidates import Candidate
from tools.select.choose import choose

_CANDIDATES = st.lists(
    st.builds(
        Candidate,
        label=st.text("abc/", min_size=1, max_size=4),
        seconds=st.integers(1, 100).map(float),
        features=st.frozensets(st.sampled_from("abcdefgh"), max_size=5),
    ),
    max_size=12,
    unique_by=lambda each: each.label,
)
_BUDGETS = st.integers(1, 300).map(float)


def _candidate(label: str, seconds: float, features: str) -> Candidate:
    return Candidate(label, seconds, frozenset(features))


class ChooseTest(absltest.TestCase):
    def test_most_for_a_second_first(self) -> None:
        slow, quick = _candidate("a", 20, "abcd"), _candidate("b", 5, "ab")
        chosen = choose([slow, quick], 30.0)
        self.assertEqual(chosen.chosen, (quick, slow))
        self.assertEqual(chosen.seconds, 25.0)

    def test_what_is_covered_counts_no_more(self) -> None:
        first, same, other = (
            _candidate("a", 10, "abc"),
            _candidate("b", 10, "abc"),
            _candidate("c", 100, "d"),
        )
        self.assertEqual(choose([same, other, first], 1000.0).chosen, (first, other))

    def test_what_does_not_fit_is_passed_over(self) -> None:
        best, fits = _candidate("a", 50, "abcdef"), _candidate("b", 20, "a")
        selection = choose([best, fits], 40.0)
        self.assertEqual(selection.chosen, (fits,))
        self.assertEqual((selection.covered, selection.possible), (frozenset("a"), best.features))

    def test_nothing_fits(self) -> None:
        self.assertEqual(choose([_candidate("a", 50, "a")], 40.0).chosen, ())

    def test_nothing_there(self) -> None:
        self.assertEqual(choose([], 40.0).possible, frozenset())

    @given(_CANDIDATES, _BUDGETS, st.randoms())
    def test_holds_for_all(
        self, candidates: list[Candidate], budget: float, randomness: random.Random
    ) -> None:
        selection = choose(candidates, budget)
        self.assertLessEqual(selection.seconds, budget)
        self.assertEqual(selection.seconds, sum(each.seconds for each in selection.chosen))
        covered: frozenset[str] = frozenset()
        for each in selection.chosen:
            self.assertFalse(each.features <= covered)
            covered |= each.features
        self.assertEqual(covered, selection.covered)
        for each in candidates:
            if each not in selection.chosen and selection.seconds + each.seconds <= budget:
                self.assertLessEqual(each.features, covered)
        randomness.shuffle(candidates)
        self.assertEqual(choose(candidates, budget), selection)

    @given(_CANDIDATES)
    def test_with_time_enough_all_is_covered(self, candidates: list[Candidate]) -> None:
        selection = choose(candidates, 1e9)
        self.assertEqual(selection.covered, selection.possible)


if __name__ == "__main__":
    absltest.main()
