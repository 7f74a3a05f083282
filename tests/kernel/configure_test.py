# SPDX-License-Identifier: Apache-2.0
"""A kernel's configuration by itself, of real sources, as kernel_image makes it."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from runfiles import Runfiles

_TOOLS = ("build", "config", "configure", "events", "versions")
_VERSIONS = "CONFIG_OF_YESTERDAY until 6.12\nCONFIG_OF_TOMORROW from 99.0\n"


class ConfigureTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.work = pathlib.Path(self.create_tempdir().full_path)

    def test_unknown_names_are_refused_before_anything_is_made(self) -> None:
        done = self.configure(
            "CONFIG_64BIT=y\nCONFIG_OF_NO_KERNEL=y\n# CONFIG_OF_MARS is not set\n"
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("a.config:2: CONFIG_OF_NO_KERNEL=y: this kernel knows no option", done.stderr)
        self.assertIn("a.config:3: CONFIG_OF_MARS=n: this kernel knows no option", done.stderr)
        self.assertNotIn("did not stick", done.stderr)

    def test_lines_of_other_versions_are_left_out(self) -> None:
        done = self.configure("CONFIG_64BIT=y\nCONFIG_OF_YESTERDAY=y\nCONFIG_OF_TOMORROW=m\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("CONFIG_64BIT=y\n", (self.work / "config").read_text())
        left = (self.work / "0.config").read_text()
        self.assertIn("CONFIG_64BIT=y\n# OF_YESTERDAY: not in 6.12 (v.versions:1)\n", left)

    def configure(self, fragment: str) -> subprocess.CompletedProcess[str]:
        runfiles = Runfiles.Create()
        assert runfiles is not None

        def find(path: str) -> pathlib.Path:
            found = runfiles.Rlocation(path)
            assert found is not None, path
            return pathlib.Path(found).resolve()

        (self.work / "a.config").write_text(fragment)
        (self.work / "v.versions").write_text(_VERSIONS)
        mounts = [
            (find(os.environ["KERNEL_SOURCE"]), "/in/linux.tar.xz"),
            (self.work / "a.config", "/in/0.config"),
            (self.work / "v.versions", "/in/versions"),
        ]
        for tool in _TOOLS:
            mounts.append((find(f"_main/tools/kernel/{tool}.py"), f"/ktstr/tools/kernel/{tool}.py"))
        command = [sys.executable, str(find("_main/tools/root/enter.py"))]
        command += ["--root", str(find(os.environ["DEBIAN_ROOT"])), "--scratch", "/build"]
        for host, inside in mounts:
            command += ["--ro", f"{host}={inside}"]
        for name in ("config", "0.config"):
            command += ["--out", f"{name}={self.work / name}"]
        command += ["--", "python3", "-I", "/ktstr/tools/kernel/configure.py"]
        command += ["--source", "/in/linux.tar.xz", "--base", "tinyconfig"]
        command += ["--fragment", "a.config=/in/0.config", "--versions", "v.versions=/in/versions"]
        command += ["--work", "/build", "--out", "/out"]
        return subprocess.run(command, cwd=self.work, text=True, capture_output=True, check=False)


if __name__ == "__main__":
    absltest.main()
