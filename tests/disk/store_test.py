# SPDX-License-Identifier: Apache-2.0
"""Runs whose clones come from the host's store, killed at many moments."""

from pathlib import Path

from absl.testing import absltest

from ktstr.store.cleaning import occupants
from ktstr.store.store import Store
from tests.support import mounts
from tests.support.killing import kill_run
from tests.support.running import Running

_TARGET = "_main/tests/disk/first_sentinel"
_TEST = "keeps_its_own"
_SIZE = 512 << 20
_MOMENTS = 10
# The last moment, in times to the guest's start.
_BEYOND = 1.2


class StoreTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)
        mounts.enter_namespace()
        self.point = self.directory / "point"
        mounts.mount_image(self, self.point, "btrfs", _SIZE)

    def test_killed_at_many_moments_and_then_run(self) -> None:
        cache = "whole"
        whole = self.killed(cache, None)
        (name,) = self.whole_entries(cache)
        for moment in range(_MOMENTS):
            self.killed(str(moment), _BEYOND * whole * moment / (_MOMENTS - 1))
            self.assertLessEqual(self.whole_entries(str(moment)), {name})
        # the first had its clone when it was killed, so its store serves the next run as it is
        image = self.root(cache) / "entries" / name / "image"
        before = image.stat()
        running = self.start(cache, "next")
        ended = running.wait()
        self.assertEqual(0, ended.status, ended.text)
        (clone,) = ended.result(_TEST)["host"]["disk_clones"]
        self.assertEqual("reflink", clone["backend"], clone)
        after = image.stat()
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        self.assertEqual({name}, self.whole_entries(cache))

    def test_two_runs_at_once_share_one_entry(self) -> None:
        runs = [self.start("shared", name) for name in ("one", "other")]
        for running in runs:
            ended = running.wait()
            self.assertEqual(0, ended.status, ended.text)
            (clone,) = ended.result(_TEST)["host"]["disk_clones"]
            self.assertEqual("reflink", clone["backend"], clone)
        self.assertLen(self.whole_entries("shared"), 1)

    def killed(self, cache: str, after_s: float | None) -> float:
        """Kills a run after so long, or when there is a guest; returns the seconds until then."""
        running = self.start(cache, cache)
        # besides QEMU, what makes the image in the store
        took, left = kill_run(running, after_s, self.root(cache))
        self.assertEmpty(left)
        return took

    def start(self, cache: str, name: str) -> Running:
        home = self.point / cache
        home.mkdir(exist_ok=True)
        running = Running(_TARGET, self.directory / name, environ={"XDG_CACHE_HOME": str(home)})
        self.addCleanup(running.close)
        return running

    def root(self, cache: str) -> Path:
        return self.point / cache / "ktstr" / "store"

    def whole_entries(self, cache: str) -> set[str]:
        """What the next run finds in a store when it has opened it, which leaves nothing else."""
        store = Store(self.root(cache))
        self.assertEmpty(list(store.staging.directory.iterdir()), store.swept)
        found = occupants(store, verify=True)
        self.assertEqual([""] * len(found), [each.damage for each in found])
        return {each.name for each in found}


if __name__ == "__main__":
    absltest.main()
