# SPDX-License-Identifier: Apache-2.0
"""A run in which state was set from outside says so, and is judged as any other."""

from __future__ import annotations

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.verdict.checks import Verdict
from ktstr.model.wire.state_set import StateSet
from tests.support import runs

_SET = StateSet(runs.S, 0, "kernel scx_watchdog_timeout", 7500, 500)


class StateSetTest(absltest.TestCase):
    def test_it_is_said(self) -> None:
        judged = judge(runs.good_run(state_set=(_SET,)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        self.assertIn(
            "the test set state of the kernel or the scheduler from outside: kernel "
            "scx_watchdog_timeout = 500 (was 7500)",
            judged.remarks,
        )

    def test_of_many_the_first(self) -> None:
        (remark,) = (
            each for each in judge(runs.good_run(state_set=(_SET,) * 9)).remarks if "set" in each
        )
        self.assertTrue(remark.endswith("(was 7500), and 4 more"), remark)

    def test_nothing_was_set(self) -> None:
        self.assertNotIn("from outside", "".join(judge(runs.good_run()).remarks))


if __name__ == "__main__":
    absltest.main()
