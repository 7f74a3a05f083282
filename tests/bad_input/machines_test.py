# SPDX-License-Identifier: Apache-2.0
"""Guests that panic, hang or cannot be made, and disks that are full."""

from pathlib import Path

from absl.testing import absltest

from tests.support.running import Running, leftovers
from tests.support.small_disk import small_disk

FUNCTIONS = "_main/tests/bad_input/functions"


class MachinesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)

    def start(self, launcher: str, **kwargs: object) -> Running:
        running = Running(launcher, self.directory, **kwargs)  # type: ignore[arg-type]
        self.addCleanup(running.close)
        return running

    def test_a_panic(self) -> None:
        ended = self.start(FUNCTIONS, test_filter="panics").wait()
        self.assertEqual(ended.status, 1, ended.text)
        self.assertEqual(ended.cases(), {"panics": "failure"})
        self.assertRegex(ended.text, r"FAIL .*::panics .*panic: .*sysrq triggered crash")
        self.assertIn("Kernel panic - not syncing", ended.console("panics"))

    def test_a_boot_that_hangs(self) -> None:
        launcher = "_main/tests/bad_input/hangs_in_boot"
        ended = self.start(launcher, test_filter="returns", timeout_s=40).wait()
        self.assertNotEqual(ended.status, 0, ended.text)
        self.assertLess(ended.seconds, 40)
        self.assertRegex(ended.text, r"::returns .*(hang|infra): .*boot to the agent's hello")
        self.assertIn("Linux version", ended.console("returns"))
        self.assertEmpty(leftovers(self.directory))

    def test_more_memory_than_the_machine_has(self) -> None:
        ended = self.start("_main/tests/bad_input/memory_too_big", test_filter="returns").wait()
        self.assertEqual(ended.status, 3, ended.text)
        self.assertRegex(ended.text, r"memory of 100000000 MiB asked for, \d+ MiB are available")

    def test_a_timeout_too_short_for_all_tests(self) -> None:
        ended = self.start(FUNCTIONS, test_filter="returns,skips", timeout_s=3).wait()
        self.assertIn(ended.status, (2, 3), ended.text)
        self.assertEqual(ended.cases(), {"returns": "error", "skips": "error"})
        self.assertRegex(ended.text, r"::skips .*Bazel's timeout .*shard_count")

    def test_a_disk_that_is_full_from_the_start(self) -> None:
        ended = self.start(
            FUNCTIONS,
            test_filter="returns",
            wrapper=small_disk(self.directory / "outputs", 4 << 10),
        ).wait()
        self.assertEqual(ended.status, 3, ended.text)
        self.assertRegex(ended.text, "cannot write .*: No space left on device")

    def test_a_disk_that_fills_up_under_the_guest(self) -> None:
        running = self.start(
            FUNCTIONS,
            test_filter="fills_the_console",
            wrapper=small_disk(self.directory / "outputs", 3 << 19),
        )
        ended = running.wait()
        self.assertIn(ended.status, (2, 3), ended.text)
        self.assertRegex(ended.text, "(disk is full|[Nn]o space left)")


if __name__ == "__main__":
    absltest.main()
