# SPDX-License-Identifier: Apache-2.0
"""What the report says of payloads whose test function ended badly."""

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Ended, Running

_TARGET = "_main/tests/guest/payload_trouble"


class TroubleTest(absltest.TestCase):
    def run_function(self, name: str) -> Ended:
        running = Running(
            _TARGET, Path(self.create_tempdir().full_path), test_filter=name, timeout_s=240
        )
        self.addCleanup(running.close)
        return running.wait()

    def test_a_payload_that_outlives_its_function_is_named_and_killed(self) -> None:
        ended = self.run_function("outlives_its_function")
        self.assertEqual(ended.status, 1, ended.text)
        self.assertRegex(ended.text, "did not end within its timeout")
        left = ended.result("outlives_its_function")
        self.assertIn("sleep (sleep 3600)", str(left))

    def test_a_damaged_link_makes_the_run_inconclusive(self) -> None:
        ended = self.run_function("garbles_its_link")
        self.assertEqual(ended.status, 2, ended.text)
        self.assertRegex(ended.text, "1 damaged places in what the test function's process sent")

    def test_a_payload_that_cannot_start_says_why(self) -> None:
        ended = self.run_function("lacks_its_program")
        self.assertEqual(ended.status, 1, ended.text)
        self.assertRegex(ended.text, "cgroup 'nowhere' does not exist; existing cgroups: none")


if __name__ == "__main__":
    absltest.main()
