# SPDX-License-Identifier: Apache-2.0
"""When a machine ticks again."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.vm.vm import TICK_S, next_tick


class TicksTest(absltest.TestCase):
    def test_quick_ticks_keep_their_period(self) -> None:
        self.assertEqual(next_tick(100.0, 100.0), 100.0 + TICK_S)
        self.assertEqual(next_tick(100.0, 100.0 + TICK_S / 100), 100.0 + TICK_S)

    def test_slow_ticks_take_a_tenth_of_the_time(self) -> None:
        self.assertAlmostEqual(next_tick(100.0, 100.5), 105.0)


if __name__ == "__main__":
    absltest.main()
