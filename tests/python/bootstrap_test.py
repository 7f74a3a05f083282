# SPDX-License-Identifier: Apache-2.0
"""How a program finds its runfiles, its Python and its modules, however it is called."""

import os
import subprocess
import sys
from pathlib import Path

from absl.testing import absltest

from tests.support.elsewhere import elsewhere
from tests.support.located import located

_MAIN = """\
import os, sys
print(sys.argv[1:], os.environ["RUNFILES_DIR"])
print(os.pathsep.join(sys.path))
import at_home, by_import, other_repository
print(os.environ["PYTHONSAFEPATH"])
"""


class BootstrapTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = Path(self.create_tempdir("a place").full_path)
        self.program = self.place / "bin" / "program"
        self.runfiles = self.program.with_name("program.runfiles")
        for name, text in {
            "_main/my/main.py": _MAIN,
            "_main/at_home.py": "",
            "_main/imported/by_import.py": "",
            "other/other_repository.py": "",
        }.items():
            path = self.runfiles / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        text = located("_main/tools/python/bootstrap.sh").read_text()
        for word, value in {
            "main": "_main/my/main.py",
            "python_binary": "_main/python",
            "imports": "_main/imported:no/such",
            "import_all": "True",
        }.items():
            text = text.replace(f"%{word}%", value)
        interpreter = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
        self._script(self.runfiles / "_main/python", interpreter)
        self._script(self.program, text)

    def _script(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def _run(
        self, *program: Path | str, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, "an argument", ""],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], **environment},
            text=True,
            capture_output=True,
            check=False,
        )

    def _assert_runs(self, done: subprocess.CompletedProcess[str], runfiles: Path) -> None:
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        called, path, safe = done.stdout.splitlines()
        self.assertEqual(f"['an argument', ''] {runfiles}", called)
        self.assertStartsWith(path, f"{runfiles}:{runfiles}/_main/imported:")
        self.assertNotIn(f"{runfiles}/_main/my", path.split(":"))
        self.assertEqual("1", safe)

    def test_beside_the_program(self) -> None:
        self._assert_runs(self._run(self.program), self.runfiles)

    def test_as_a_script_of_the_working_directory(self) -> None:
        # Bazel's PATH has the working directory in it
        done = self._run("sh", "program", cwd=self.program.parent, PATH="/usr/bin:/bin")
        self._assert_runs(done, self.runfiles)

    def test_by_a_relative_path(self) -> None:
        self._assert_runs(self._run("bin/program", cwd=self.place), self.runfiles)

    def test_from_path(self) -> None:
        path = f"{self.program.parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", "program 'an argument' ''"],
            env={"PATH": path},
            text=True,
            capture_output=True,
            check=False,
        )
        self._assert_runs(done, self.runfiles)

    def test_through_links(self) -> None:
        first, second = self.place / "first", self.place / "bin/second"
        second.symlink_to("program")
        first.symlink_to(second)
        self._assert_runs(self._run(first), self.runfiles)

    def test_from_inside_the_callers_runfiles(self) -> None:
        inside = self.runfiles / "_main/my/program"
        self.program.rename(inside)
        self._assert_runs(self._run(inside), self.runfiles)

    def test_where_the_caller_says(self) -> None:
        moved = self.place / "elsewhere"
        self.runfiles.rename(moved)
        self._assert_runs(self._run(self.program, RUNFILES_DIR=str(moved)), moved)

    def test_the_callers_runfiles_may_be_anothers(self) -> None:
        done = self._run(self.program, RUNFILES_DIR=str(self.place))
        self._assert_runs(done, self.runfiles)

    def test_the_callers_modules_come_last(self) -> None:
        done = self._run(self.program, PYTHONPATH="/of/the/caller")
        path = done.stdout.splitlines()[1].split(":")
        self.assertEqual(f"{self.runfiles}/other", path[path.index("/of/the/caller") - 1])

    def test_no_runfiles(self) -> None:
        self.runfiles.rename(self.place / "elsewhere")
        done = self._run(self.program)
        self.assertEqual((3, ""), (done.returncode, done.stdout))
        self.assertIn("no runfiles beside this program; start it with bazel run", done.stderr)


class ElsewhereTest(absltest.TestCase):
    def test_another_machine_is_named(self) -> None:
        arch = self.create_tempfile(content="aarch64\n").full_path
        done = subprocess.run(
            [*elsewhere(arch), sys.executable, "--version"],
            text=True,
            capture_output=True,
            check=False,
        )
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        name = os.uname().nodename
        self.assertIn(
            f"ktstr: the machine {name} is aarch64, and ktstr builds and tests on x86_64;",
            done.stderr,
        )


if __name__ == "__main__":
    absltest.main()
