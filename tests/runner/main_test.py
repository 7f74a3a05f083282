# SPDX-License-Identifier: Apache-2.0
"""The runner's program, where Bazel's import path holds files that are called as its modules."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from absl.testing import absltest
from runfiles import Runfiles


class MainTest(absltest.TestCase):
    def test_a_python_that_cannot_load_the_runner_is_ours(self) -> None:
        """One of another version, whose compiled wheels do not fit: here, one without protobuf."""
        runfiles = Runfiles.Create()
        assert runfiles is not None
        folder = Path(self.create_tempdir().full_path)
        for name in ("main.py", "modules.zip"):  # and not modules.native
            path = runfiles.Rlocation(f"_main/ktstr/runner/{name}")
            assert path is not None
            shutil.copyfile(path, folder / name)
        command = [sys.executable, "-I", str(folder / "main.py"), "--help"]
        done = subprocess.run(command, text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("ModuleNotFoundError", done.stderr)
        self.assertIn(f"ERROR {sys.executable} (Python 3.", done.stdout)
        self.assertIn("cannot load the tests' runner", done.stdout)

    def test_no_file_on_the_path_hides_the_library_or_ktstr(self) -> None:
        runfiles = Runfiles.Create()
        assert runfiles is not None
        program = runfiles.Rlocation("_main/ktstr/runner/main")
        assert program is not None
        top = self.create_tempdir()
        for name in ("queue", "tempfile", "select", "json", "argparse", "ktstr"):
            top.create_file(f"{name}.py", "raise AssertionError('a test was imported')\n")
        # Bazel's launcher puts its own before what is there, and the library comes after both
        done = subprocess.run(
            [program, "--help"],
            env={**os.environ, **runfiles.EnvVars(), "PYTHONPATH": top.full_path},
            text=True,
            capture_output=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("--config", done.stdout)


if __name__ == "__main__":
    absltest.main()
