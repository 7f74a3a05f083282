# SPDX-License-Identifier: Apache-2.0
"""Filters and shards: which tests run is a function of names alone."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.errors import UsageError
from ktstr.runner.cases.selection import Selection, Shard

NAMES = ("steady", "steady_llc", "churn", "churn_fast")


class FilterTest(parameterized.TestCase):
    @parameterized.parameters(
        ("", NAMES),
        ("steady", ("steady",)),
        ("stead", ("steady", "steady_llc")),
        ("*_*", ("steady_llc", "churn_fast")),
        ("churn?fast", ("churn_fast",)),
        ("churn, llc", ("steady_llc", "churn")),
    )
    def test_matches(self, pattern: str, expected: tuple[str, ...]) -> None:
        self.assertEqual(Selection(pattern).of(NAMES), expected)

    def test_names_what_exists_when_nothing_matches(self) -> None:
        with self.assertRaisesRegex(UsageError, "--test_filter=gone .*steady, steady_llc, churn"):
            Selection("gone").of(NAMES)


class ShardTest(absltest.TestCase):
    @given(
        st.lists(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), unique=True, min_size=1),
        st.integers(1, 12),
    )
    def test_shards_partition_the_tests(self, names: list[str], total: int) -> None:
        shares = [Selection("", Shard(i, total)).of(names) for i in range(total)]
        self.assertCountEqual([name for share in shares for name in share], names)
        self.assertLessEqual(max(map(len, shares)) - min(map(len, shares)), 1)

    def test_refuses_an_index_beyond_the_total(self) -> None:
        with self.assertRaisesRegex(UsageError, "shard 3 of 3"):
            Shard(3, 3)


if __name__ == "__main__":
    absltest.main()
