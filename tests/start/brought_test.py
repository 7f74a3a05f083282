# SPDX-License-Identifier: Apache-2.0
"""What comes into a clone lies there as if the guest had booted with it."""

import hashlib
from pathlib import Path
from typing import Any

from absl.testing import absltest

from tests.start.subject import PACKAGE, launcher_of_later, notes, started
from tests.support.running import Ended, Running

_TEST = "says_all"
# Facts of the machine and of what was on it, without times and without how it came up.
_PARTS = ("disks", "guest", "verdict")


class BroughtTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)

    def run_launcher(self, launcher: str, name: str = "run") -> Ended:
        running = Running(launcher, self.directory / name)
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(0, ended.status, ended.text)
        return ended

    def test_a_clone_has_what_a_cold_boot_has(self) -> None:
        found: list[dict[str, Any]] = []
        for target, kind in (("brought", "cloned"), ("brought_fresh", "cold")):
            ended = self.run_launcher(f"{PACKAGE}/{target}", target)
            self.assertEqual(started(ended, _TEST)["kind"], kind, started(ended, _TEST))
            result = ended.result(_TEST)
            scheduler = [(each["name"], each["ops_end"]) for each in result["schedulers"]]
            parts = {part: result[part] for part in _PARTS}
            found.append({"notes": notes(ended, _TEST), "scheduler": scheduler, **parts})
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0]["notes"]["layers"], "faulty fifo")
        self.assertEqual(found[0]["notes"]["disk"], "lost+found")
        self.assertTrue(found[0]["notes"]["ran"])

    def test_what_was_another_when_the_guest_was_saved_is_used_as_it_is_now(self) -> None:
        launcher = launcher_of_later("brought", self.directory / "launcher")
        ended = self.run_launcher(launcher)
        self.assertEqual(started(ended, _TEST)["kind"], "cloned", started(ended, _TEST))
        (scheduler,) = ended.result(_TEST)["schedulers"]
        self.assertEqual((scheduler["name"], scheduler["ops_end"]), ("faulty", "faulty"))
        self.assertEqual(notes(ended, _TEST)["own"], hashlib.sha256(b"later").hexdigest())

    def test_more_than_the_saved_guest_has_memory_for(self) -> None:
        ended = self.run_launcher(f"{PACKAGE}/brought_large")
        start = started(ended, _TEST)
        self.assertEqual(start["kind"], "cold")
        self.assertRegex(start["reason"], "only test.* 1024 MiB of memory, and its .* need 1056;")


if __name__ == "__main__":
    absltest.main()
