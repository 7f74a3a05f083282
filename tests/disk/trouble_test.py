# SPDX-License-Identifier: Apache-2.0
"""Disks that cannot be mounted, hosts that run full, and runs that are killed while they clone."""

from pathlib import Path

from absl.testing import absltest

from tests.support.killing import kill_run
from tests.support.running import Ended, Running
from tests.support.small_disk import initramfs_bytes, small_disk

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
        whole = self.killed("whole", None)
        for moment in range(_MOMENTS):
            self.killed(str(moment), _BEYOND * whole * moment / (_MOMENTS - 1))

    def killed(self, name: str, after_s: float | None) -> float:
        """Kills a run after so long, or when QEMU has its clones; returns the seconds to then."""
        running = Running(_FLOODS, self.directory / name, test_filter="fills_its_disk")
        self.addCleanup(running.close)
        took, processes = kill_run(running, after_s)
        self.assertEmpty(processes)
        left = {path.name for path in running.outputs.rglob("*") if path.is_file()}
        # an output is written under a name of its own (.NAME.PID) until it is whole
        drafts = {name for name in left if name.startswith(".test.cpio.")}
        self.assertEmpty(left - drafts - _OUTPUTS)
        return took


if __name__ == "__main__":
    absltest.main()
