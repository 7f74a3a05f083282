# SPDX-License-Identifier: Apache-2.0
"""Disks that cannot be mounted, hosts that run full, and runs that are killed while they clone."""

import time
from pathlib import Path

from absl.testing import absltest

from tests.inner.running import Ended, Running, leftovers
from tests.inner.small_disk import initramfs_bytes, small_disk

_FLOODS = "_main/tests/disk/floods"
_UNMOUNTABLE = "_main/tests/disk/unmountable"
_MOMENTS = 16
# The last moment, in times to the guest's start.
_BEYOND = 1.3
# What a run may leave where it is killed: its outputs, which the next run replaces.
_OUTPUTS = {
    "console.log",
    "control.sock",
    "frames.bin",
    "initramfs.cpio",
    "qemu.cmd",
    "qemu.log",
    "test.cpio",
}
_ROOM = 32 << 20


class TroubleTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)

    def run_test(self, launcher: str, name: str, wrapper: tuple[str, ...] = ()) -> Ended:
        running = Running(launcher, self.directory, test_filter=name, wrapper=wrapper)
        self.addCleanup(running.close)
        return running.wait()

    def test_a_disk_that_the_kernel_cannot_mount(self) -> None:
        ended = self.run_test(_UNMOUNTABLE, "never_begins")
        self.assertEqual(ended.status, 3, ended.text)
        self.assertRegex(ended.text, r"INCONCLUSIVE .*::never_begins")
        self.assertRegex(
            ended.text,
            r"(?s)cannot mount /dev/vda as ext4 on /mnt/disk0: Invalid argument; "
            r"the kernel's log: .*casefold",
        )
        self.assertNotIn("never_begins has begun", ended.text)

    def test_a_host_that_runs_full_under_the_guest(self) -> None:
        room = initramfs_bytes(_FLOODS) + _ROOM
        ended = self.run_test(
            _FLOODS, "fills_its_disk", small_disk(self.directory / "outputs", room)
        )
        self.assertIn(ended.status, (2, 3), ended.text)
        self.assertRegex(
            ended.text, r"the host could not write disk disk0: No space left on device"
        )

    def test_a_run_killed_at_many_moments_leaves_nothing(self) -> None:
        whole = self.seconds_to_guest()
        for moment in range(_MOMENTS):
            running = Running(_FLOODS, self.directory / str(moment), test_filter="fills_its_disk")
            self.addCleanup(running.close)
            # it is the moment that is varied here, so there is no event to wait for
            time.sleep(_BEYOND * whole * moment / (_MOMENTS - 1))
            running.process.kill()
            running.wait(20)
            self.expect_nothing_left(running)

    def seconds_to_guest(self) -> float:
        """What a run takes until its clones are made and QEMU has them."""
        running = Running(_FLOODS, self.directory / "whole", test_filter="fills_its_disk")
        self.addCleanup(running.close)
        began = time.monotonic()
        running.qemu()
        took = time.monotonic() - began
        running.process.kill()
        running.wait(20)
        self.expect_nothing_left(running)
        return took

    def expect_nothing_left(self, running: Running) -> None:
        ends_at = time.monotonic() + 10
        while leftovers(running.outputs) and time.monotonic() < ends_at:
            time.sleep(0.02)
        self.assertEmpty(leftovers(running.outputs))
        left = {path.name for path in running.outputs.rglob("*") if path.is_file()}
        # an output is written under a name of its own (.NAME.PID) until it is whole
        drafts = {name for name in left if name.startswith(".test.cpio.")}
        self.assertEmpty(left - drafts - _OUTPUTS)


if __name__ == "__main__":
    absltest.main()
