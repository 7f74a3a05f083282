# SPDX-License-Identifier: Apache-2.0
"""Guests that panic, hang or cannot be made, and disks that are full."""

import json
import shutil
import subprocess
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from tests.inner.running import Running, leftovers

FUNCTIONS = "_main/tests/bad_input/functions"


def initramfs_bytes(launcher: str) -> int:
    """The size of the target's layers, which a run copies into its outputs first."""
    runfiles = Runfiles.Create()
    assert runfiles is not None
    config = runfiles.Rlocation(f"{launcher}.config.json")
    layers = json.loads(Path(str(config)).read_text(encoding="utf-8"))["initramfs"]
    return sum(Path(str(runfiles.Rlocation(layer))).stat().st_size for layer in layers)


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
            FUNCTIONS, test_filter="returns", wrapper=self.small_disk(4 << 20)
        ).wait()
        self.assertEqual(ended.status, 3, ended.text)
        self.assertIn("no space left", ended.text)

    def test_a_disk_that_fills_up_under_the_guest(self) -> None:
        running = self.start(
            FUNCTIONS,
            test_filter="fills_the_console",
            wrapper=self.small_disk(initramfs_bytes(FUNCTIONS) + (3 << 19)),
        )
        ended = running.wait()
        self.assertIn(ended.status, (2, 3), ended.text)
        self.assertRegex(ended.text, "(disk is full|[Nn]o space left)")

    def small_disk(self, size: int) -> tuple[str, ...]:
        """A command that runs another with a file system of this size where outputs go."""
        outputs = self.directory / "outputs"
        outputs.mkdir()
        unshare = shutil.which("unshare")
        probe = [str(unshare), "--user", "--map-root-user", "--mount", "true"]
        if unshare is None or subprocess.run(probe, check=False).returncode != 0:
            self.skipTest("this host lets nobody mount a file system of their own (unshare -rm)")
        script = f'mount -t tmpfs -o size={size} none {outputs} && "$@"; status=$?; exit $status'
        return (*probe[:-1], "sh", "-c", script, "sh")


if __name__ == "__main__":
    absltest.main()
