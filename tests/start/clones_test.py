# SPDX-License-Identifier: Apache-2.0
"""Guests that are cloned, and guests that are not: what the results say of it."""

import time
from collections.abc import Callable
from pathlib import Path

from absl.testing import absltest, parameterized

from tests.start.subject import (
    PACKAGE,
    TESTS,
    copied_template,
    launcher_with,
    notes,
    started,
    template_of,
    with_state_of,
)
from tests.support.running import Ended, Running

# Of 512 MiB of guest memory at two CPUs.
_MOST_BYTES = 25_000_000


def _halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


class ClonesTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)

    def run_target(self, launcher: str, test: str = "") -> Ended:
        running = Running(
            launcher,
            self.directory / "run",
            test_filter=test,
            environ={"XDG_CACHE_HOME": str(self.directory / "cache")},
        )
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(0, ended.status, ended.text)
        return ended

    def test_tests_of_a_target_are_clones_of_one_guest(self) -> None:
        ended = self.run_target(f"{PACKAGE}/cloned")
        starts = [started(ended, test) for test in TESTS]
        self.assertEqual({start["kind"] for start in starts}, {"cloned"}, starts)
        self.assertLen({start["template"] for start in starts}, 1)
        self.assertEqual({start["reason"] for start in starts}, {"its memory in the host's store"})
        for start in starts:
            self.assertGreater(start["hello_s"], 0)
        self.assertLen({notes(ended, test)["wall_s"] for test in ("one", "other")}, 2)
        self.assert_apart(ended)

    def test_in_real_time_the_first_guest_is_saved(self) -> None:
        began_s = int(time.time())
        ended = self.run_target(f"{PACKAGE}/real_time")
        walls = [notes(ended, test)["wall_s"] for test in ("one", "other")]
        self.assertBetween(walls[0], began_s, walls[1])
        self.assertLessEqual(walls[1], time.time())
        starts = [started(ended, test) for test in TESTS]
        self.assertEqual({start["kind"] for start in starts}, {"cloned"}, starts)
        self.assertIn("this run's own first guest", starts[0]["reason"])
        self.assertFalse((ended.outputs / ".template").exists())
        self.assert_apart(ended)

    def test_one_test_alone_in_real_time_boots_cold(self) -> None:
        ended = self.run_target(f"{PACKAGE}/real_time", "one")
        self.assertEqual(started(ended, "one")["kind"], "cold")
        self.assertIn("only test", started(ended, "one")["reason"])

    def test_a_target_that_wants_fresh_boots(self) -> None:
        ended = self.run_target(f"{PACKAGE}/fresh")
        for test in TESTS:
            start = started(ended, test)
            self.assertEqual(start["kind"], "cold")
            self.assertEqual(start["reason"], "fresh_boot is set, by the target or for all tests")
            self.assertNotIn("template", {key for key, value in start.items() if value})
        self.assert_apart(ended)

    @parameterized.named_parameters(
        ("truncated_memory", "ram0.zst", _halve, "ram0.zst"),
        ("altered_state", "state", _flip, "state"),
        ("missing_manifest", "manifest.json", Path.unlink, "manifest.json"),
    )
    def test_a_damaged_template(
        self, name: str, damage: Callable[[Path], None], named: str
    ) -> None:
        template = copied_template("cloned", self.directory / "template")
        damage(template / name)
        self.assert_cold_with(template, named)

    def test_a_template_that_is_gone(self) -> None:
        self.assert_cold_with(self.directory / "nowhere", "nowhere is not there")

    def test_a_template_is_small_enough_for_a_remote_cache(self) -> None:
        files = {path.name: path.stat().st_size for path in template_of("wider").iterdir()}
        self.assertLess(sum(files.values()), _MOST_BYTES, files)

    def test_a_template_of_another_machine(self) -> None:
        self.assert_cold_with(template_of("wider"), "of another machine")

    def test_a_state_that_qemu_refuses(self) -> None:
        template = copied_template("cloned", self.directory / "template")
        with_state_of(template, template_of("wider"))
        self.assert_cold_with(template, "QEMU ended when it was to load the saved state")

    def test_a_template_that_could_not_be_made(self) -> None:
        launcher = f"{PACKAGE}/unbootable"
        running = Running(launcher, self.directory / "run", test_filter="shares")
        self.addCleanup(running.close)
        ended = running.wait()
        self.assertEqual(1, ended.status, ended.text)
        start = started(ended, "shares")
        self.assertEqual(start["kind"], "cold")
        self.assertIn("panic", start["reason"])
        self.assertRegex(ended.text, "FAIL .*::shares .*panic")

    def assert_cold_with(self, template: Path, words: str) -> None:
        launcher = launcher_with("cloned", template, self.directory / "launcher")
        ended = self.run_target(launcher, "shares")
        start = started(ended, "shares")
        self.assertEqual(start["kind"], "cold")
        self.assertIn(words, start["reason"])
        self.assertEqual(ended.result("shares")["verdict"], "PASS")

    def assert_apart(self, ended: Ended) -> None:
        one, other = notes(ended, "one"), notes(ended, "other")
        for name in ("boot_id", "hostname", "random"):
            self.assertNotEqual(one[name], other[name], name)
        self.assertFalse(one["marked"])
        self.assertFalse(other["marked"])


if __name__ == "__main__":
    absltest.main()
