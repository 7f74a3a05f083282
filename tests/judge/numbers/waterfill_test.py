# SPDX-License-Identifier: Apache-2.0
"""Dividing CPUs by weight: what adds up, who is full, and how nested weights multiply."""

from __future__ import annotations

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.judge.numbers.waterfill import Capacity, Leaf, waterfill

settings.register_profile("ktstr", deadline=None, derandomize=True)
settings.load_profile("ktstr")


def _flat(*weights: float) -> list[Leaf]:
    return [Leaf(((f"cg_{i}", weight),)) for i, weight in enumerate(weights)]


def _caps(demands: list[float], total: float) -> list[Capacity]:
    each = [Capacity(frozenset({i}), demand) for i, demand in enumerate(demands)]
    return [*each, Capacity(frozenset(range(len(demands))), total)]


class WaterfillTest(absltest.TestCase):
    def _near(self, got: list[float], *expected: float) -> None:
        for a, b in zip(got, expected, strict=True):
            self.assertAlmostEqual(a, b, places=6)

    def test_shares_follow_weights(self) -> None:
        self._near(waterfill(_flat(100, 300), _caps([2, 2], 2)), 0.5, 1.5)

    def test_what_one_cannot_use_goes_to_the_others(self) -> None:
        self._near(waterfill(_flat(100, 300, 100), _caps([2, 0.5, 2], 2)), 0.75, 0.5, 0.75)

    def test_without_contention_everybody_gets_what_it_can_use(self) -> None:
        self._near(waterfill(_flat(1, 10_000), _caps([1, 2], 4)), 1, 2)

    def test_nested_weights_multiply(self) -> None:
        leaves = [
            Leaf((("a", 100), ("a/x", 100))),
            Leaf((("a", 100), ("a/y", 300))),
            Leaf((("b", 100),)),
        ]
        self._near(waterfill(leaves, _caps([4, 4, 4], 4)), 0.5, 1.5, 2)

    def test_what_a_child_leaves_goes_to_its_siblings_first(self) -> None:
        leaves = [
            Leaf((("a", 100), ("a/x", 100))),
            Leaf((("a", 100), ("a/y", 100))),
            Leaf((("b", 100),)),
        ]
        self._near(waterfill(leaves, _caps([0.25, 4, 4], 4)), 0.25, 1.75, 2)

    def test_a_limit_on_a_group_binds_its_members_together(self) -> None:
        group = Capacity(frozenset({0, 1}), 0.5)
        self._near(waterfill(_flat(100, 100, 100), [*_caps([2, 2, 2], 2), group]), 0.25, 0.25, 1.5)

    @given(
        st.lists(st.tuples(st.integers(1, 10_000), st.floats(0.01, 8)), min_size=1, max_size=8),
        st.floats(0.01, 16),
    )
    def test_everything_is_given_out_and_nothing_more(
        self, leaves: list[tuple[int, float]], total: float
    ) -> None:
        weights, demands = [w for w, _ in leaves], [d for _, d in leaves]
        shares = waterfill(_flat(*weights), _caps(demands, total))
        self.assertAlmostEqual(sum(shares), min(total, sum(demands)), places=5)
        for share, demand in zip(shares, demands, strict=True):
            self.assertLessEqual(share, demand + 1e-6)
        # nobody that wants more has less by weight than somebody else
        open_levels = [
            s / w for s, w, d in zip(shares, weights, demands, strict=True) if s < d - 1e-6
        ]
        for level in open_levels:
            self.assertAlmostEqual(level, max(open_levels), delta=1e-5 * max(1.0, level))
            for share, weight in zip(shares, weights, strict=True):
                self.assertLessEqual(share / weight, level + 1e-5)


if __name__ == "__main__":
    absltest.main()
