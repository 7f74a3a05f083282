# SPDX-License-Identifier: Apache-2.0
"""Paths of any kind come out of Bazel's rc files as they went in."""

from __future__ import annotations

import contextlib
import io
import os
import pwd
from pathlib import Path

from absl.testing import absltest
from hypothesis import example, given
from hypothesis import strategies as st

from tools.private.bazel_setup import prefix
from tools.private.bazel_setup.errors import SetupError
from tools.private.bazel_setup.layout import tests_store
from tools.private.bazel_setup.rcfile import render, write
from tools.private.bazel_setup.words import rc_comment, rc_word

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"))
_BLANKS = " \t\n\v\f\r"


def _lines(text: str) -> list[str]:
    """As src/main/cpp/rc_file.cc does: a backslash before a line's end joins it with the next."""
    return text.replace("\\\n", "").split("\n")


def _words(line: str) -> list[str]:
    """As src/main/cpp/util/strings.cc (Tokenize) of Bazel 7.7.1 takes a line apart."""
    words: list[str] = []
    at = 0
    while at < len(line):
        if line[at] == "#":
            return words
        if line[at] in _BLANKS:
            at += 1
            continue
        word, quote = "", ""
        while at < len(line) and (quote or line[at] not in _BLANKS):
            if line[at] == "\\":
                word += line[at + 1 : at + 2]
                at += 1
            elif quote and line[at] == quote:
                quote = ""
            elif quote:
                word += line[at]
            elif line[at] == "#":
                return [*words, word]
            elif line[at] in "'\"":
                quote = line[at]
            else:
                word += line[at]
            at += 1
        words.append(word)
    return words


class RcFileTest(absltest.TestCase):
    @given(_TEXT.filter(bool))
    @example('/a b/#1\\\'s "$x"')
    @example("\\")
    def test_a_word_is_taken_as_it_was(self, text: str) -> None:
        line = f"common {rc_word(text)}"
        self.assertEqual(_words(line), ["common", text])
        self.assertLen(_lines(line + "\n"), 2)

    @given(_TEXT, _TEXT)
    def test_every_path_has_a_line_of_its_own(self, directory: str, reason: str) -> None:
        cache = Path("/", directory, "ktstr")
        text = render(cache, cache / "home", cache / "bazel", f"{reason}\\\n{reason}")
        said = [words for words in map(_words, _lines(text)) if words]
        self.assertIn(["common", f"--disk_cache={cache}/disk"], said)
        self.assertIn(["common", f"--repository_cache={cache}/repo"], said)
        self.assertIn(["common", f"--repo_env=KTSTR_BAZEL={cache}/bazel"], said)
        self.assertEqual({len(words) for words in said}, {2})

    def test_usual_paths_stay_as_they_are(self) -> None:
        self.assertEqual(rc_word("--a=/h/.cache/k-1_2:~+@%,z"), "--a=/h/.cache/k-1_2:~+@%,z")

    def test_a_path_that_is_no_utf8_is_written_as_it_is(self) -> None:
        workspace = Path(self.create_tempdir().full_path)
        (workspace / ".bazelrc").write_text("try-import %workspace%/.bazelrc.local\n")
        cache = Path("/home/j\udcfcrgen")
        for _ in range(2):  # read back the second time
            write(workspace, cache, None, cache / "bazel", "none")
        said = (workspace / ".bazelrc.local").read_bytes()
        self.assertIn(b"--disk_cache=/home/j\xfcrgen/disk", said)

    def test_the_private_bazel_touches_no_lock_of_a_workspace(self) -> None:
        cache = Path("/c/ktstr")
        off = "common --lockfile_mode=off\n"
        self.assertIn(off, render(cache, cache / "home", cache / "bazel", "none"))
        self.assertNotIn(off, render(cache, None, cache / "bazel", "at hand"))

    def test_tests_may_write_to_a_store_that_is_there(self) -> None:
        workspace = Path(self.create_tempdir().full_path)
        (workspace / ".bazelrc").write_text("try-import %workspace%/.bazelrc.local\n")
        (workspace / "file").touch()
        for store, said in ((workspace / "a/store", True), (workspace / "file/store", False)):
            write(workspace, workspace, None, workspace / "bazel", "none", store)
            text = (workspace / ".bazelrc.local").read_text()
            line = f"test --sandbox_writable_path={store}\n"
            self.assertEqual(line in text, said, text)
            self.assertEqual(store.is_dir(), said)
        self.assertEqual((workspace / "a/store").stat().st_mode & 0o777, 0o700)

    def test_the_store_of_tests_is_in_the_accounts_home(self) -> None:
        cache = Path(pwd.getpwuid(os.geteuid()).pw_dir, ".cache/ktstr")
        self.assertEqual(tests_store(cache), cache / "store")
        self.assertIsNone(tests_store(Path("/elsewhere/ktstr")))

    def test_the_private_bazel_says_what_a_workspace_lacks(self) -> None:
        workspace = Path(self.create_tempdir().full_path)
        for home, said in ((workspace / "home", "does not import .bazelrc.local"), (None, "")):
            error = io.StringIO()
            with contextlib.redirect_stderr(error):
                write(workspace, workspace, home, workspace / "bazel", "none")
            self.assertIn(said, error.getvalue())
            self.assertEqual(bool(error.getvalue()), bool(said))

    def test_a_line_break_is_refused(self) -> None:
        with self.assertRaisesRegex(SetupError, "holds a line break, which no rc file"):
            rc_word("/a\nb")
        self.assertEqual(rc_comment("a\nb \\"), "a b ")

    def test_a_place_that_no_private_bazel_can_live_in_is_refused_first(self) -> None:
        for letter in ':$"\\\n':
            cache = Path(self.create_tempdir().full_path, f"a{letter}b")
            with self.assertRaisesRegex(SetupError, "a private Bazel cannot live in"):
                prefix.ensure(cache, "none at hand")
            self.assertFalse(cache.exists())


if __name__ == "__main__":
    absltest.main()
