# SPDX-License-Identifier: Apache-2.0
"""A guest with a disk in its memory is played up to an instant like any other, disk and all."""

from __future__ import annotations

import re
from pathlib import Path

from absl.testing import absltest

from tests.support.running import Running

_LAUNCHER = "_main/tests/replay/disk_subject.replay"
# What is to reach the disk at this instant, and what the kernel already has of the directory.
_SCRIPT = """\
file = here[0]["file"]
print("syncs", file.f_path.dentry.d_name.name.string_().decode())
print("disk", file.f_path.mnt.mnt_sb.s_bdev.bd_device.kobj.name.string_().decode())
mapping = file.f_mapping
print("pages", mapping.nrpages.value_())
"""


class DiskTest(absltest.TestCase):
    def replay(self, *arguments: str) -> str:
        """What was said from where the guest stood on."""
        directory = Path(self.create_tempdir().full_path)
        running = Running(_LAUNCHER, directory / "run", arguments=arguments)
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(ended.status, 0, ended.text)
        return ended.text.partition("plays it up to ")[2]

    def test_it_stands_where_a_file_is_written_each_time(self) -> None:
        script = Path(self.create_tempdir().full_path) / "script.py"
        script.write_text(_SCRIPT)
        words = ("--function=ext4_sync_file", f"--script={script}")
        third = self.replay(*words, "--hit=3")
        self.assertIn("syncs file2\n", third)
        self.assertIn("disk loop0\n", third)
        self.assertIn("pages 1\n", third)
        self.assertEqual(self.replay(*words, "--hit=3"), third)
        self.assertIn("syncs file3\n", self.replay(*words, "--hit=4"))

    def test_a_time_is_the_same_instant_each_time(self) -> None:
        first = self.replay("--function=ext4_sync_file", "--hit=2", "--print")
        at = re.search(r"stands at (\d+\.\d+) s of the guest", first)
        assert at is not None, first
        words = (f"--at=guest:{at[1]}s", "--print")
        stood = self.replay(*words)
        self.assertRegex(stood, rf"stands at {at[1][:6]}\d+ s of the guest")
        self.assertEqual(self.replay(*words), stood)


if __name__ == "__main__":
    absltest.main()
