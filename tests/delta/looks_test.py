# SPDX-License-Identifier: Apache-2.0
"""When one looks, and how often one is wrong who stops at the first look that tells anything."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from ktstr.compare.noisy import LEVEL
from ktstr.delta.looks import Looks
from tests.compare.suites import Change, compared

_SUITES, _TESTS = 60, 12


class LooksTest(parameterized.TestCase):
    @parameterized.parameters(
        (1, (1,)),
        (5, (5,)),
        (6, (5, 6)),
        (10, (5, 10)),
        (20, (5, 10, 20)),
        (25, (5, 10, 20, 25)),
    )
    def test_boots_double_up_to_the_budget(self, most: int, boots: tuple[int, ...]) -> None:
        looks = Looks.within(most, 0.06)
        self.assertEqual(looks.boots, boots)
        self.assertAlmostEqual(looks.level * len(boots), 0.06)

    def test_where_nothing_changed_little_is_told(self) -> None:
        looks = Looks.within(20, LEVEL)
        alarmed = sum(
            compared(seed, _TESTS, 20, Change(), looks).alarms > 0 for seed in range(_SUITES)
        )
        # the level is 1 in 20; of 60 suites 8 and more come with a probability of 1.1 %
        self.assertLess(alarmed, 8)

    def test_a_change_is_found_with_the_fewest_boots_that_show_it(self) -> None:
        looks = Looks.within(20, LEVEL)
        score = compared(1, _TESTS, 20, Change(1.5), looks)
        self.assertGreater(score.hits, 0)
        self.assertEqual(score.findings[0].boots, (5, 5))


if __name__ == "__main__":
    absltest.main()
