# SPDX-License-Identifier: Apache-2.0
"""Test functions that misbehave in the guest: each ends in a verdict that says what it did."""

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Ended, Running

LAUNCHER = "_main/tests/bad_input/functions"


class FunctionsTest(absltest.TestCase):
    def run_function(self, name: str) -> Ended:
        running = Running(LAUNCHER, Path(self.create_tempdir().full_path), test_filter=name)
        self.addCleanup(running.close)
        return running.wait()

    def expect_failure(self, name: str, message: str) -> Ended:
        ended = self.run_function(name)
        self.assertEqual(ended.status, 1, ended.text)
        self.assertEqual(ended.cases(), {name: "failure"})
        self.assertRegex(ended.text, rf"FAIL .*::{name} .*test_error: {message}")
        self.assertIn(
            f"tools/bazel test //tests/bad_input:functions --test_filter={name}", ended.text
        )
        return ended

    def test_returns(self) -> None:
        ended = self.run_function("returns")
        self.assertEqual(ended.status, 0, ended.text)
        self.assertEqual(ended.cases(), {"returns": "passed"})

    def test_well_behaved_scenario(self) -> None:
        ended = self.run_function("well_behaved")
        self.assertEqual(ended.status, 0, ended.text)
        self.assertIn("reboot: Restarting system", ended.console("well_behaved"))

    def test_skips(self) -> None:
        ended = self.run_function("skips")
        self.assertEqual(ended.status, 0, ended.text)
        self.assertEqual(ended.cases(), {"skips": "skipped"})
        self.assertIn("this guest lacks a reason to run", ended.text)

    def test_raises(self) -> None:
        self.expect_failure("raises", r"raises raised: .*ValueError: raised inside the guest")

    def test_exits(self) -> None:
        self.expect_failure("exits", "exits ended its process instead of returning")

    def test_leaves_children(self) -> None:
        self.expect_failure("leaves_children", "leaves_children left 2 processes behind")

    def test_prints_megabytes(self) -> None:
        ended = self.run_function("prints_megabytes")
        self.assertEqual(ended.status, 0, ended.text)
        self.assertIn(
            "line 000000", (ended.outputs / "prints_megabytes" / "result.json").read_text()
        )
        size = sum(path.stat().st_size for path in (ended.outputs / "prints_megabytes").iterdir())
        self.assertLess(size, 16 << 20)
        self.assertLess(len(ended.text), 1 << 17)

    def test_never_ends(self) -> None:
        self.expect_failure("never_ends", "never_ends did not end within its timeout")


if __name__ == "__main__":
    absltest.main()
