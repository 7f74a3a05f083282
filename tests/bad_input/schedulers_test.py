# SPDX-License-Identifier: Apache-2.0
"""Schedulers that never get to schedule: each failure has its own kind."""

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Ended, Running


class SchedulersTest(absltest.TestCase):
    def run_with(self, scheduler: str) -> Ended:
        running = Running(
            f"_main/tests/bad_input/scheduler_{scheduler}",
            Path(self.create_tempdir().full_path),
            test_filter="well_behaved",
        )
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(ended.status, 1, ended.text)
        self.assertEqual(ended.cases(), {"well_behaved": "failure"})
        return ended

    def test_exits_at_once(self) -> None:
        ended = self.run_with("exits_at_once")
        self.assertRegex(ended.text, r"FAIL .*::well_behaved .*scheduler_not_(loaded|attached): ")
        self.assertIn("no such map", ended.text)

    def test_never_attaches(self) -> None:
        ended = self.run_with("never_attaches")
        self.assertRegex(ended.text, r"FAIL .*::well_behaved .*scheduler_not_attached: ")

    def test_fails_verification(self) -> None:
        ended = self.run_with("fails_verification")
        self.assertRegex(ended.text, r"FAIL .*::well_behaved .*scheduler_not_loaded: ")


if __name__ == "__main__":
    absltest.main()
