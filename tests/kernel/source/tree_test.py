# SPDX-License-Identifier: Apache-2.0
"""A source tree is packed as it lies there: its sources, all of them, nothing else."""

import os
import shutil
import tempfile
import unittest
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from tests.kernel.source.trees import SOURCES, commit_all, git, packed, write_tree
from tools.kernel.source.archive import TreeError, pack
from tools.kernel.source.revision import fetch
from tools.kernel.source.tree import CLEAN, DIRTY, NO_GIT, snapshot


@unittest.skipUnless(shutil.which("git"), "there is no git")
class SourceTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="tree-")))
        self.tree = self.directory / "linux"
        self.tree.mkdir()
        write_tree(self.tree)
        self.archive = self.directory / "linux.tar"


class TreeTest(SourceTest):
    def test_a_clean_tree_is_its_commit(self) -> None:
        commit = commit_all(self.tree)
        state = snapshot(self.tree, self.archive)
        self.assertEqual((state.state, state.commit, state.changed), (CLEAN, commit, 0))
        self.assertEqual(packed(self.archive).keys(), SOURCES)
        for path in state.watch:
            self.assertTrue(Path(path).is_file())

    def test_sources_that_exclude_themselves_are_refused(self) -> None:
        (self.tree / ".gitignore").write_text("/*\n")
        with self.assertRaisesRegex(TreeError, "its .gitignore excludes Kconfig itself"):
            snapshot(self.tree, self.archive)
        commit_all(self.tree, "--force")
        snapshot(self.tree, self.archive)
        self.assertIn("Kconfig", packed(self.archive))

    def test_an_edited_tree_is_packed_as_edited(self) -> None:
        commit = commit_all(self.tree)
        (self.tree / "kernel/fork.c").write_text("int spoon;\n")
        (self.tree / "kernel/new.c").write_text("int new;\n")
        (self.tree / "Makefile").write_text("all: fork\n")
        (self.tree / "scripts/run.sh").unlink()
        state = snapshot(self.tree, self.archive)
        self.assertEqual((state.state, state.commit, state.changed), (DIRTY, commit, 4))
        found = packed(self.archive)
        self.assertEqual(found["kernel/fork.c"], b"int spoon;\n")
        self.assertEqual(found.keys(), (SOURCES | {"kernel/new.c"}) - {"scripts/run.sh"})

    def test_the_repository_of_a_hook_is_left_alone(self) -> None:
        commit = commit_all(self.tree)
        other = self.directory / "other"
        other.mkdir()
        (other / "file").write_text("other\n")
        theirs = commit_all(other)
        index = other / ".git/index"
        before = index.read_bytes()
        hook = {"GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(index)}
        with mock.patch.dict(os.environ, hook):
            state = snapshot(self.tree, self.archive)
            fetched = fetch(str(self.tree), "main", self.archive, self.directory / "work")
        self.assertEqual((state.state, state.commit, fetched), (CLEAN, commit, commit))
        self.assertNotEqual(commit, theirs)
        self.assertEqual(index.read_bytes(), before)

    def test_names_in_another_encoding_are_packed(self) -> None:
        name = os.fsdecode(b"kernel/f\xfcr.c")
        (self.tree / name).write_text("int fuer;\n")
        commit_all(self.tree)
        self.assertEqual(snapshot(self.tree, self.archive).state, CLEAN)
        self.assertEqual(packed(self.archive)[name], b"int fuer;\n")

    def test_a_commit_changes_what_is_watched(self) -> None:
        commit_all(self.tree)
        before = [Path(path).read_bytes() for path in snapshot(self.tree, self.archive).watch]
        (self.tree / "Makefile").write_text("all: fork\n")
        git(self.tree, "commit", "--quiet", "--all", "--message=more")
        state = snapshot(self.tree, self.archive)
        self.assertNotEqual(before, [Path(path).read_bytes() for path in state.watch])
        self.assertEqual(state.state, CLEAN)

    def test_without_git_the_gitignore_files_decide(self) -> None:
        state = snapshot(self.tree, self.archive)
        self.assertEqual((state.state, state.commit), (NO_GIT, ""))
        self.assertEqual(packed(self.archive).keys(), SOURCES)

    def test_a_tree_that_an_outer_repository_ignores_is_without_git(self) -> None:
        (self.directory / ".gitignore").write_text("linux\n")
        (self.directory / "other").touch()
        commit_all(self.directory)
        self.assertEqual(snapshot(self.tree, self.archive).state, NO_GIT)
        self.assertEqual(packed(self.archive).keys(), SOURCES)

    def test_same_contents_same_bytes(self) -> None:
        commit_all(self.tree)
        snapshot(self.tree, self.archive)
        other = self.directory / "other"
        other.mkdir()
        write_tree(other)
        os.utime(other / "Makefile", (1, 1))
        snapshot(other, self.directory / "other.tar")
        self.assertEqual(self.archive.read_bytes(), (self.directory / "other.tar").read_bytes())

    def test_an_edit_during_the_packing_is_seen(self) -> None:
        def pack_and_edit(tree: Path, names: Iterable[str], out: Path) -> None:
            pack(tree, names, out)
            (tree / "Makefile").write_text("all: edited\n")

        self.enter_context(mock.patch("tools.kernel.source.tree.pack", pack_and_edit))
        with self.assertRaisesRegex(TreeError, "Makefile changed while the tree was packed"):
            snapshot(self.tree, self.archive)

    def test_what_is_no_kernel_is_refused(self) -> None:
        (self.tree / "Kconfig").unlink()
        with self.assertRaisesRegex(TreeError, "no kernel source tree: it has no Kconfig"):
            snapshot(self.tree, self.archive)
        with self.assertRaisesRegex(TreeError, "there is no such directory"):
            snapshot(self.directory / "none", self.archive)


class RevisionTest(SourceTest):
    def setUp(self) -> None:
        super().setUp()
        self.first = commit_all(self.tree)
        git(self.tree, "tag", "v1")
        (self.tree / "Makefile").write_text("all: fork\n")
        git(self.tree, "commit", "--quiet", "--all", "--message=more")
        self.second = git(self.tree, "rev-parse", "HEAD")
        # As large servers have it.
        git(self.tree, "config", "uploadpack.allowAnySHA1InWant", "true")

    def fetch(self, ref: str) -> str:
        with tempfile.TemporaryDirectory(dir=self.directory) as work:
            return fetch(f"file://{self.tree}", ref, self.archive, Path(work))

    def test_branch_tag_and_commit(self) -> None:
        for ref, commit, text in (
            ("main", self.second, b"all: fork\n"),
            ("v1", self.first, b"all:\n"),
            (self.first, self.first, b"all:\n"),
        ):
            with self.subTest(ref):
                self.assertEqual(self.fetch(ref), commit)
                found = packed(self.archive)
                self.assertEqual(found.keys(), SOURCES)
                self.assertEqual(found["Makefile"], text)

    def test_a_revision_and_its_tree_are_the_same_bytes(self) -> None:
        self.fetch("main")
        snapshot(self.tree, self.directory / "tree.tar")
        self.assertEqual(self.archive.read_bytes(), (self.directory / "tree.tar").read_bytes())

    def test_what_there_is_not_is_told_in_gits_words(self) -> None:
        with self.assertRaisesRegex(TreeError, "revision none: git cannot fetch it:\nfatal: "):
            self.fetch("none")
        with self.assertRaisesRegex(TreeError, "write all 40 digits"):
            self.fetch(self.first[:12])


if __name__ == "__main__":
    absltest.main()
