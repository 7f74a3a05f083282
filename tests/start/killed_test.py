# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed at many moments while they publish a guest's memory and clone it."""

from pathlib import Path

from absl.testing import absltest

from ktstr.store.cleaning import occupants
from ktstr.store.store import Store
from tests.start.subject import PACKAGE, TESTS, started
from tests.support.killing import kill_run
from tests.support.running import Ended, Running

_MOMENTS = 10
# The last moment, in times to the guest's start.
_BEYOND = 1.3
# After the first guest's start: while it boots, is saved, and is cloned.
_LATER_S = (0.5, 1.5, 3.0)
_STORED = "its memory in the host's store"


class KilledTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)

    def start(self, cache: str, name: str, test: str = "shares", target: str = "cloned") -> Running:
        running = Running(
            f"{PACKAGE}/{target}",
            self.directory / name,
            test_filter=test,
            environ={"XDG_CACHE_HOME": str(self.directory / cache)},
        )
        self.addCleanup(running.close)
        return running

    def whole_entries(self, cache: str) -> set[str]:
        """What the next run finds in a store when it has opened it, which leaves nothing else."""
        store = Store(self.directory / cache / "ktstr" / "store")
        self.assertEmpty(list(store.staging.directory.iterdir()), store.swept)
        found = occupants(store, verify=True)
        self.assertEqual([""] * len(found), [each.damage for each in found])
        return {each.name for each in found}

    def assert_stored(self, ended: Ended) -> None:
        self.assertEqual(0, ended.status, ended.text)
        start = started(ended, "shares")
        self.assertEqual((start["kind"], start["reason"]), ("cloned", _STORED), start)

    def test_killed_at_many_moments_and_then_run(self) -> None:
        whole, left = kill_run(self.start("whole", "whole"), None)
        self.assertEmpty(left)
        names = self.whole_entries("whole")
        self.assertLen(names, 1)
        for moment in range(_MOMENTS):
            after_s = _BEYOND * whole * moment / (_MOMENTS - 1)
            _, left = kill_run(self.start(f"c{moment}", f"r{moment}"), after_s)
            self.assertEmpty(left)
            self.assertLessEqual(self.whole_entries(f"c{moment}"), names)
        self.assert_stored(self.start(f"c{_MOMENTS // 2}", "next").wait())

    def test_killed_while_it_saves_its_first_guest(self) -> None:
        started_s, left = kill_run(self.start("c", "first", "", "real_time"), None)
        self.assertEmpty(left)
        for moment, later_s in enumerate(_LATER_S):
            running = self.start("c", f"later{moment}", "", "real_time")
            _, left = kill_run(running, started_s + later_s)
            self.assertEmpty(left)

    def test_two_runs_at_once_share_one_entry(self) -> None:
        runs = [self.start("shared", name) for name in ("one", "two")]
        for running in runs:
            self.assert_stored(running.wait())
        self.assertLen(self.whole_entries("shared"), 1)

    def test_a_store_that_cannot_be(self) -> None:
        (self.directory / "file").write_text("no directory")
        ended = self.start("file", "run", test="").wait()
        self.assertEqual(0, ended.status, ended.text)
        for test in TESTS:
            start = started(ended, test)
            self.assertEqual(start["kind"], "cloned")
            self.assertIn("inflated for this run", start["reason"])
            # the report has it in a word, the result why
            self.assertIn("no store", start["reason"])
            said = {each["name"]: each["text"] for each in ended.result(test)["host"]["notes"]}
            self.assertIn(str(self.directory / "file"), said["store"])


if __name__ == "__main__":
    absltest.main()
