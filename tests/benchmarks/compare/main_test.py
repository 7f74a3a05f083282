# SPDX-License-Identifier: Apache-2.0
"""The command: its mistakes, and that nothing is left behind. What stands in for Bazel in these
checkouts is a script, for all that is tested is how we end."""

import os
import signal
import subprocess
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles

from ktstr.model.errors import InfraError
from tests.benchmarks.compare.checkout import checkout_at
from tests.benchmarks.compare.place import own_folder

_DEADLINE_S = 60.0
_FAILS = "#!/bin/sh\necho 'ERROR: the build is broken' >&2\nexit 1\n"
# It says that it runs, and then waits for its end.
_WAITS = '#!/bin/sh\nmkdir -p "$MARK"\necho >"$MARK/pipe"\nexec sleep 1000\n'
_GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")


class MainTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation("_main/tests/benchmarks/checkouts")
        assert program is not None
        self.program = program
        self.folder = Path(self.create_tempdir().full_path)
        self.place = self.folder / "place"
        self.place.mkdir()

    def checkout(self, name: str, bazel: str) -> Path:
        """A work tree with a program for tools/bazel."""
        folder = self.folder / name
        for each in ("tools/bazel", "MODULE.bazel", "sched/BUILD.bazel"):
            (folder / each).parent.mkdir(parents=True, exist_ok=True)
            (folder / each).write_text(bazel, encoding="utf-8")
        (folder / "tools/bazel").chmod(0o755)
        for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "a")):
            subprocess.run([*_GIT, "-C", str(folder), *words], check=True)
        return folder

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [self.program, *map(str, arguments), f"--fresh_output_base={self.place}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "MARK": str(self.folder / "mark")},
        )
        self.addCleanup(process.kill)
        return process

    def ended(self, *arguments: str | Path) -> tuple[int, str]:
        process = self.start(*arguments)
        _, stderr = process.communicate(timeout=_DEADLINE_S)
        return process.returncode, stderr

    def test_mistakes(self) -> None:
        good = self.checkout("good", _FAILS)
        bare = self.folder / "bare"
        (bare / "sched").mkdir(parents=True)
        (bare / "tools").mkdir()
        for each in ("tools/bazel", "MODULE.bazel", "sched/BUILD.bazel"):
            (bare / each).touch()
        for arguments, why in (
            ((good,), "ERROR checkouts: give two folders, BEFORE and AFTER"),
            ((good, self.place), "is no checkout of ktstr: it has no tools/bazel"),
            ((good, self.folder / "none"), "is no checkout of ktstr"),
            ((good, bare), "is no git work tree"),
        ):
            with self.subTest(why):
                code, stderr = self.ended(*arguments)
                self.assertEqual(code, 3, stderr)
                self.assertIn(why, stderr)

    def test_a_build_that_fails(self) -> None:
        good = self.checkout("good", _FAILS)
        code, stderr = self.ended(good, good)
        self.assertEqual(code, 3, stderr)
        self.assertIn("ended with 1, with ", stderr)
        self.assertIn("ERROR: the build is broken", stderr)
        self.assertEmpty(list(self.place.iterdir()))

    def test_an_interruption(self) -> None:
        good = self.checkout("good", _WAITS)
        (self.folder / "mark").mkdir()
        os.mkfifo(self.folder / "mark/pipe")
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.start(good, good)
                (self.folder / "mark/pipe").read_text()  # until its Bazel runs
                process.send_signal(number)
                _, stderr = process.communicate(timeout=_DEADLINE_S)
                self.assertEqual(process.returncode, 130, stderr)
                self.assertEmpty(list(self.place.iterdir()))

    def test_too_little_room(self) -> None:
        parent = self.folder / "made"
        told = self.assertRaisesRegex(InfraError, "GiB are free in .* name another folder")
        with told, own_folder(parent, needed=1 << 60):
            self.fail("there is no such disk")
        self.assertFalse(parent.exists())

    def test_a_folder_that_cannot_be_made(self) -> None:
        (self.folder / "file").touch()
        told = self.assertRaisesRegex(InfraError, "no output base can be made in")
        with told, own_folder(self.folder / "file/below", needed=0):
            self.fail("there is no folder below a file")

    def test_what_is_read_only_is_removed(self) -> None:
        with own_folder(self.place, needed=0) as folder:
            below = folder / "a/b"
            below.mkdir(parents=True)
            (below / "c").touch()
            below.chmod(0o500)
            (folder / "a").chmod(0o500)
        self.assertEmpty(list(self.place.iterdir()))

    def test_a_commit_says_where_files_differ(self) -> None:
        good = self.checkout("good", _FAILS)
        self.assertNotIn("+", checkout_at(good).commit)
        (good / "MODULE.bazel").write_text("other")
        self.assertEndsWith(checkout_at(good).commit, "+")


if __name__ == "__main__":
    absltest.main()
