# SPDX-License-Identifier: Apache-2.0
"""What of a replay's page is wrong is seen, and what it took is told without the guest's start."""

from __future__ import annotations

from typing import Any

from absl.testing import absltest, parameterized

from tests.introspect.replay.expected import EXPECTED, Expected, times_of_the_run, wrong

_WANTED = Expected("wrong", "it_gives_up", "ejection", r"w0\.0\.1", "bpf:wrong_enqueue")
_PAGE = {
    "what": "ejection",
    "again": True,
    "task": "w0.0.1",
    "stack": ["scx_ops_exit_kind+0x0", "bpf:wrong_enqueue+0x76"],
}


class ExpectedTest(parameterized.TestCase):
    def test_a_page_that_is_right(self) -> None:
        self.assertEqual(wrong({"replay": _PAGE}, _WANTED), "")

    @parameterized.parameters(
        ({"again": False, "problem": "another instant"}, "did not come again: another instant"),
        ({"what": "hang"}, "is 'hang', and should be 'ejection'"),
        ({"task": "w0.0.10"}, "about 'w0.0.10', and should be about w0"),
        ({"stack": ["scx_ops_exit_kind+0x0"]}, "not on the stack: scx_ops_exit_kind"),
    )
    def test_a_page_that_is_wrong(self, change: dict[str, Any], words: str) -> None:
        self.assertIn(words, wrong({"replay": _PAGE | change}, _WANTED))

    def test_no_page(self) -> None:
        self.assertIn("there is no page", wrong({}, _WANTED))

    def test_the_start_is_no_time_of_the_run(self) -> None:
        wall = [
            {"name": "boot to the agent's hello", "seconds": 2.0},
            {"name": "total", "seconds": 6.0},
            {"name": "replay", "seconds": 5.0},
        ]
        self.assertEqual(times_of_the_run({"host": {"wall": wall}}), 1.25)

    def test_each_test_is_there_once(self) -> None:
        self.assertLen({each.test for each in EXPECTED}, len(EXPECTED))


if __name__ == "__main__":
    absltest.main()
