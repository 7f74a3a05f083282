# SPDX-License-Identifier: Apache-2.0
"""A copy of a tree has what the tree has, and only what changed is written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from absl.testing import absltest

from tests.kernel.source.trees import SOURCES, commit_all, packed, write_tree
from tools.kernel.source import mirror

_LONG_AGO = 1_000_000_000


@unittest.skipUnless(shutil.which("git"), "there is no git")
class MirrorTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = Path(self.create_tempdir().full_path)
        self.tree, self.folder = directory / "linux", directory / "folder"
        self.source, self.part = self.folder / "src", directory / "part.tar"
        self.tree.mkdir()
        write_tree(self.tree)
        commit_all(self.tree)

    def run_mirror(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", mirror.__file__, "--tree", str(self.tree)]
        command += ["--folder", str(self.folder), "--out", str(self.part)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def copied(self) -> tuple[int, str]:
        """How many files were written or removed, and the state."""
        done = self.run_mirror()
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["files"], (self.folder / "state").read_text()

    def found(self) -> set[str]:
        """All files of the copy, which are as in the tree."""
        names = {
            str(path.relative_to(self.source))
            for path in self.source.rglob("*")
            if path.is_symlink() or not path.is_dir()
        }
        for name in names:
            ours, theirs = self.source / name, self.tree / name
            self.assertEqual(ours.is_symlink(), theirs.is_symlink(), name)
            if ours.is_symlink():
                self.assertEqual(os.readlink(ours), os.readlink(theirs), name)
                continue
            self.assertEqual(ours.read_bytes(), theirs.read_bytes(), name)
            self.assertEqual(os.access(ours, os.X_OK), os.access(theirs, os.X_OK), name)
        return names

    def test_what_git_would_track_is_copied_once(self) -> None:
        count, state = self.copied()
        self.assertEqual(count, len(SOURCES))
        self.assertEqual(self.found(), SOURCES)
        self.assertEqual(self.copied(), (0, state))

    def test_an_edit_is_as_new_as_its_copy(self) -> None:
        _, before = self.copied()
        path = self.tree / "kernel/fork.c"
        path.write_text("int spoon;\n", encoding="utf-8")
        # of another branch, or unpacked: older than the objects made of what was there
        os.utime(path, (_LONG_AGO, _LONG_AGO))
        untouched = (self.source / "Makefile").stat().st_mtime_ns
        count, after = self.copied()
        self.assertEqual(count, 1)
        self.assertNotEqual(before, after)
        self.assertEqual(self.found(), SOURCES)
        self.assertGreater((self.source / "kernel/fork.c").stat().st_mtime, _LONG_AGO + 1)
        self.assertEqual((self.source / "Makefile").stat().st_mtime_ns, untouched)

    def test_what_is_written_anew_and_the_same_is_left(self) -> None:
        _, before = self.copied()
        (self.tree / "kernel/fork.c").touch()
        self.assertEqual(self.copied(), (0, before))

    def test_files_come_go_and_change_their_kind(self) -> None:
        self.copied()
        (self.tree / "kernel/new/deep.c").parent.mkdir()
        (self.tree / "kernel/new/deep.c").touch()
        (self.tree / "scripts/run.sh").unlink()
        (self.tree / "kernel/fork.c").chmod(0o755)
        (self.tree / "kernel/link.c").unlink()
        (self.tree / "kernel/link.c").write_text("no link\n", encoding="utf-8")
        self.assertEqual(self.copied()[0], 4)
        self.assertEqual(self.found(), SOURCES - {"scripts/run.sh"} | {"kernel/new/deep.c"})

    def test_a_file_becomes_a_folder_and_back(self) -> None:
        self.copied()
        (self.tree / "kernel/fork.c").unlink()
        (self.tree / "kernel/fork.c").mkdir()
        (self.tree / "kernel/fork.c/x.c").touch()
        self.assertEqual(self.copied()[0], 2)
        self.assertEqual(self.found(), SOURCES - {"kernel/fork.c"} | {"kernel/fork.c/x.c"})
        (self.tree / "kernel/fork.c/x.c").unlink()
        (self.tree / "kernel/fork.c").rmdir()
        (self.tree / "kernel/fork.c").touch()
        self.assertEqual(self.copied()[0], 2)
        self.assertEqual(self.found(), SOURCES)

    def test_after_an_interruption_all_is_compared(self) -> None:
        _, state = self.copied()
        (self.folder / "state").unlink()
        (self.source / "kernel/fork.c").write_text("half\n", encoding="utf-8")
        (self.source / "left.c").touch()
        self.assertEqual(self.copied(), (2, state))
        self.assertEqual(self.found(), SOURCES)

    def test_the_part_is_the_same_after_an_edit_elsewhere(self) -> None:
        self.copied()
        before = self.part.read_bytes()
        self.assertEqual(packed(self.part).keys(), {"Kconfig", "Makefile", "scripts/run.sh"})
        (self.tree / "kernel/fork.c").write_text("int spoon;\n", encoding="utf-8")
        self.copied()
        self.assertEqual(self.part.read_bytes(), before)

    def test_what_is_no_kernel_is_refused(self) -> None:
        (self.tree / "Kconfig").unlink()
        done = self.run_mirror()
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no kernel source tree: it has no Kconfig", done.stderr)
        self.assertFalse(self.folder.exists())


if __name__ == "__main__":
    absltest.main()
