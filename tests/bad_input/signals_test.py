# SPDX-License-Identifier: Apache-2.0
"""Runner and QEMU ended from outside: nothing is left running, and what was captured stays."""

import signal
import time
from pathlib import Path

import psutil
from absl.testing import absltest

from tests.support.running import Running, leftovers

TEST = "sleeps_for_long"


class SignalsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)

    def start(self) -> Running:
        running = Running("_main/tests/bad_input/functions", self.directory, test_filter=TEST)
        self.addCleanup(running.close)
        running.await_console(TEST, "sleeps_for_long has begun")
        return running

    def expect_nothing_left(self) -> None:
        ends_at = time.monotonic() + 5
        while leftovers(self.directory) and time.monotonic() < ends_at:
            time.sleep(0.05)
        self.assertEmpty(leftovers(self.directory))

    def test_sigterm_to_the_runner(self) -> None:
        running = self.start()
        before = time.monotonic()
        running.process.terminate()
        ended = running.wait(20)
        self.assertLess(time.monotonic() - before, 10)
        self.assertEqual(ended.status, 3, ended.text)
        self.assertEqual(ended.cases(), {TEST: "error"})
        self.assertRegex(ended.text, f"INCONCLUSIVE .*::{TEST} .*SIGTERM")
        self.assertIn("sleeps_for_long has begun", ended.console(TEST))
        self.assertIn("SIGTERM", str(ended.result(TEST)))
        self.expect_nothing_left()

    def test_sigkill_to_the_runner(self) -> None:
        running = self.start()
        qemu = running.qemu()
        running.process.kill()
        running.wait(20)
        qemu.wait(5)
        self.expect_nothing_left()
        console = running.outputs / TEST / "console.log"
        self.assertIn("sleeps_for_long has begun", console.read_text())

    def test_sigkill_to_qemu(self) -> None:
        running = self.start()
        running.qemu().send_signal(signal.SIGKILL)
        ended = running.wait(30)
        self.assertIn(ended.status, (2, 3), ended.text)
        self.assertEqual(ended.cases(), {TEST: "error"})
        self.assertRegex(ended.text, f"INCONCLUSIVE .*::{TEST} .*SIGKILL")
        self.assertIn("sleeps_for_long has begun", ended.console(TEST))
        self.expect_nothing_left()

    def test_a_signal_while_tests_are_enumerated_leaves_nothing(self) -> None:
        running = Running("_main/tests/bad_input/functions", self.directory, test_filter=TEST)
        self.addCleanup(running.close)
        while not psutil.Process(running.process.pid).children(recursive=True):
            time.sleep(0.01)
        running.process.terminate()
        running.wait(20)
        self.expect_nothing_left()


if __name__ == "__main__":
    absltest.main()
