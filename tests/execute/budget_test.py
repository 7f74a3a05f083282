# SPDX-License-Identifier: Apache-2.0
"""The time that a run may still take."""

import time

from absl.testing import absltest

from ktstr.execute.budget import UNLIMITED, Budget


class BudgetTest(absltest.TestCase):
    def test_ends_before_bazels_timeout(self) -> None:
        before = time.monotonic()
        self.assertLessEqual(Budget.start(300.0).left_s(), 290.0)
        self.assertGreater(Budget.start(300.0).left_s(), 285.0 - (time.monotonic() - before))
        self.assertLessEqual(Budget.start(20.0).left_s(), 16.0)

    def test_what_others_are_to_have_is_taken_off(self) -> None:
        self.assertBetween(Budget.start(100.0).without(30.0).left_s(), 59.0, 60.0)
        self.assertEqual(Budget.start(None).without(30.0).left_s(), float("inf"))

    def test_a_share_has_the_rest_as_patience(self) -> None:
        share = Budget.start(100.0).share(30.0)
        self.assertBetween(share.left_s(), 29.0, 30.0)
        self.assertBetween(share.patience_s, 59.0, 60.0)
        short = Budget.start(100.0).share(300.0)
        self.assertBetween(short.left_s(), 89.0, 90.0)
        self.assertEqual(short.patience_s, 0.0)
        self.assertEqual(UNLIMITED.share(30.0).patience_s, float("inf"))

    def test_without_a_limit(self) -> None:
        self.assertEqual(Budget.start(None).left_s(), float("inf"))
        self.assertEqual(UNLIMITED.left_s(), float("inf"))


if __name__ == "__main__":
    absltest.main()
