# SPDX-License-Identifier: Apache-2.0
"""Relations: what holds of what, in which words, and which bounds are refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.verdict.claims import Relation
from ktstr.model.verdict.relations import holds, it, plain, words
from tests.model.strategies import BODIES

_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**40), 2**40)


class HoldsTest(parameterized.TestCase):
    @parameterized.parameters(
        (it.at_least(3), 3, 2, "at least 3"),
        (it.at_most(3), 3, 4, "at most 3"),
        (it.above(3), 4, 3, "above 3"),
        (it.below(3), 2, 3, "below 3"),
        (it.between(1, 2), 2, 3, "between 1 and 2"),
        (it.near(10, 0.5), 9.5, 9, "within 0.5 of 10"),
        (it.equals({3, 1}), [1, 3], [3, 1], "equal to [1, 3]"),
        (it.differs_from("a"), "b", "a", "different from 'a'"),
        (it.is_finite(), 1e300, math.inf, "finite"),
        (it.contains(2), [1, 2], [1], "containing 2"),
        (it.contains("b"), "abc", "ac", "containing 'b'"),
        (it.subset_of(range(3)), [0, 2], [3], "a subset of [0, 1, 2]"),
        (it.superset_of([1, 2]), [2, 1, 0], [1], "a superset of [1, 2]"),
        (it.non_empty(), [0], [], "not empty"),
        (it.is_sorted(), [1, 1, 2], [2, 1], "sorted"),
        (it.any_of(it.below(1), it.above(3)), 4, 2, "below 1 or above 3"),
        (it.all_of(it.above(1), it.below(3)), 2, 3, "above 1 and below 3"),
    )
    def test_each(self, relation: Relation, good: Any, bad: Any, said: str) -> None:
        self.assertIs(holds(relation, good), True)
        self.assertIs(holds(relation, bad), False)
        self.assertIs(holds(relation, None), None)
        self.assertEqual(words(relation), said)
        self.assertEqual(decode(Relation, encode(relation)), relation)

    @given(_NUMBERS, _NUMBERS)
    def test_opposites(self, value: float, bound: float) -> None:
        self.assertNotEqual(holds(it.at_least(bound), value), holds(it.below(bound), value))
        self.assertNotEqual(holds(it.at_most(bound), value), holds(it.above(bound), value))
        both = it.all_of(it.at_least(bound), it.at_most(bound))
        self.assertEqual(holds(both, value), holds(it.equals(bound), value))
        either = it.any_of(it.at_least(bound), it.at_most(bound))
        self.assertIs(holds(either, value), True)

    @given(BODIES.filter(lambda body: not isinstance(body, dict)))
    def test_plain_values_stay(self, body: Any) -> None:
        self.assertEqual(plain(1), 1)
        if "{" not in repr(body):
            self.assertEqual(plain(body), body)

    def test_a_nan_is_no_value(self) -> None:
        self.assertIsNone(plain(math.nan))


class RefusedTest(parameterized.TestCase):
    @parameterized.parameters(
        (lambda: it.at_least(math.nan), "it must be finite"),
        (lambda: it.at_least(True), "a number is expected, bool was given"),
        (lambda: it.between(2, 1), "the lower bound comes first"),
        (lambda: it.near(1, -1), "must not be negative"),
        (lambda: it.any_of(), "relations are expected"),
        (lambda: it.subset_of("abc"), "a collection is expected, str was given"),
        (lambda: it.equals(object()), "object is no number"),
        (lambda: holds(it.at_least(1), "x"), "float is expected, str was given"),
        (lambda: holds(it.is_sorted(), [1, "a"]), "cannot be compared"),
    )
    def test_nonsense(self, make: Callable[[], object], said: str) -> None:
        with self.assertRaisesRegex(UsageError, said):
            make()


if __name__ == "__main__":
    absltest.main()
