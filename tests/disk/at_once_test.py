# SPDX-License-Identifier: Apache-2.0
"""Two targets that run at once on clones of one template do not see each other."""

import hashlib
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from tests.support.running import Running

_TEST = "keeps_its_own"


class AtOnceTest(absltest.TestCase):
    def test_two_targets_at_once(self) -> None:
        directory = Path(self.create_tempdir().full_path)
        before = _template()
        first = self._start("first_sentinel", directory / "1")
        first.await_console(_TEST, "sentinel is on disk")
        qemu = first.qemu()
        qemu.suspend()
        # the first stands still with its disk written while the second runs from end to end
        second = self._start("second_sentinel", directory / "2").wait()
        self.assertEqual(0, second.status, second.text)
        self.assertTrue(qemu.is_running())
        self.assertFalse((first.outputs / _TEST / "result.json").exists(), "the first has ended")
        qemu.resume()
        ended = first.wait()
        self.assertEqual(0, ended.status, ended.text)
        self.assertEqual(before, _template(), "the template was written to")
        for run in (ended, second):
            (clone,) = run.result(_TEST)["host"]["disk_clones"]
            self.assertEqual("qcow2_overlay", clone["backend"], clone)

    def _start(self, target: str, directory: Path) -> Running:
        running = Running(f"_main/tests/disk/{target}", directory)
        self.addCleanup(running.close)
        return running


def _template() -> str:
    runfiles = Runfiles.Create()
    assert runfiles is not None
    path = runfiles.Rlocation("_main/tests/disk/filled_ext4.qcow2")
    assert path is not None
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


if __name__ == "__main__":
    absltest.main()
