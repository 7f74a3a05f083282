# SPDX-License-Identifier: Apache-2.0
"""What a kernel's numbers mean."""

from absl.testing import absltest, parameterized

from ktstr.introspect.trace.values import TOLD, dsq_of, state_of


class ValuesTest(parameterized.TestCase):
    @parameterized.parameters(
        (0, 1, 0, "R"),
        # preempted before it came to sleep
        (1, 1, 0, "R"),
        (0x2001, 0, 0, "S"),
        # sleeps, and its class has put off its dequeue
        (1, 1, 1, "S"),
        (2, 0, 0, "D"),
        (0x402, 0, 0, "I"),
        (0x80, 0, 0, "X"),
        (0x1000, 0, 0, "?"),
    )
    def test_states(self, state: int, queued: int, delayed: int, letter: str) -> None:
        self.assertEqual(state_of(state, queued, delayed), letter)

    def test_queues(self) -> None:
        self.assertEqual(dsq_of(7, 99), "7")
        self.assertEqual(dsq_of(1 << 63 | 2, 3), "local/3")
        self.assertEqual(dsq_of(1 << 63 | 1, 3), "global")
        self.assertEqual(dsq_of(1 << 63 | 5, 3), "0x8000000000000005")

    def test_what_is_no_decision_is_no_event(self) -> None:
        self.assertIsNone(TOLD["waking"].of(0, 3))
        self.assertEqual(TOLD["waking"].of(1, 3), ())
        self.assertIsNone(TOLD["pick"].of(0))
        self.assertEqual(TOLD["dsq_insert"].of(0, 0, 4), ("0", 5))


if __name__ == "__main__":
    absltest.main()
