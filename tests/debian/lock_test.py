# SPDX-License-Identifier: Apache-2.0
"""The lock names what apt has resolved, from an archive whose signature it has checked."""

import contextlib
import io
import shutil
import unittest
from pathlib import Path

from absl.testing import absltest, parameterized

from tools.debian.lock import (
    Apt,
    Lock,
    LockError,
    Wanted,
    chosen_sets,
    kept_lock,
    main,
    merged_lock,
    parse_wanted,
    suite_files,
)
from tools.debian.stanzas import locked, parse_stanzas

_SHOWN = """\
Package: base-files
Version: 13.8+deb13u7
Installed-Size: 358
Description: Debian base system
 More: of it
Filename: pool/main/b/base-files/base-files_13.8+deb13u7_amd64.deb
Size: 88296
SHA256: fcd42b

Package: make
Version: 4.4.1-2
Installed-Size: 1
Filename: pool/main/m/make/make_4.4.1-2_amd64.deb
Size: 5
SHA256: 00ff
"""
_RELEASE = """\
Origin: Somebody
Suite: trixie
Codename: trixie
Date: Sat, 12 Sep 2026 07:55:41 UTC
Components: main
Architectures: amd64
"""


def _lock(suite: str, snapshot: str, versions: dict[str, str]) -> Lock:
    """A lock whose sets hold one package each, of the given version."""
    return Lock(
        suite=suite,
        architecture="amd64",
        snapshots=dict.fromkeys(versions, snapshot),
        sets={
            name: [locked(parse_stanzas(_SHOWN)[1] | {"Version": version})]
            for name, version in versions.items()
        },
    )


class LockTest(parameterized.TestCase):
    def test_wanted_packages_are_read_by_set(self) -> None:
        text = "# all\n[root with dependencies]\nmake # builds\n\ngcc\n[source]\nlinux-source\n"
        self.assertEqual(
            parse_wanted(text),
            {"root": Wanted(("make", "gcc"), True), "source": Wanted(("linux-source",))},
        )

    def test_named_sets_alone_are_locked_anew(self) -> None:
        wanted = parse_wanted("[a]\nx\n[b]\ny\n[c]\nz\n")
        self.assertEqual(chosen_sets(wanted, []), ["a", "b", "c"])
        self.assertEqual(chosen_sets(wanted, ["b"]), ["b"])
        with self.assertRaisesRegex(LockError, r"no set \[d\]; sets are: a, b, c"):
            chosen_sets(wanted, ["d"])

    def test_the_other_sets_stay_as_they_were(self) -> None:
        before = _lock("trixie", "1", {"a": "1.0", "gone": "1.0", "b": "1.0"})
        merged = merged_lock(_lock("trixie", "2", {"b": "2.0"}), before, ["a", "b"])
        self.assertEqual(merged["sets"]["a"], before["sets"]["a"])
        self.assertEqual(merged["sets"]["b"][0]["version"], "2.0")
        self.assertEqual(merged["snapshots"], {"a": "1", "b": "2"})
        self.assertEqual(list(merged["sets"]), ["a", "b"])

    def test_what_any_set_has_can_be_kept(self) -> None:
        before = _lock("trixie", "1", {"a": "1.0", "b": "1.1"})
        other = locked(parse_stanzas(_SHOWN)[0])
        fresh = _lock("trixie", "2", {"b": "2.0", "c": "2.0"})
        fresh["sets"]["b"].append(other)
        kept = kept_lock(fresh, before)
        self.assertEqual(kept["sets"]["b"], [*before["sets"]["b"], other])
        self.assertIn(kept["sets"]["c"][0]["version"], ("1.0", "1.1"))
        self.assertEqual(kept["snapshots"], {"b": "1 2", "c": "2"})
        self.assertEqual(kept_lock(before, before), before)

    @parameterized.named_parameters(
        ("nothing_locked", None, r"set \[a\] was never locked"),
        ("set_not_locked", {"b": "1.0"}, r"set \[a\] was never locked"),
    )
    def test_a_set_that_was_never_locked_is_an_error(
        self, versions: dict[str, str] | None, message: str
    ) -> None:
        before = None if versions is None else _lock("trixie", "1", versions)
        with self.assertRaisesRegex(LockError, message):
            merged_lock(_lock("trixie", "2", {"b": "2.0"}), before, ["a", "b"])

    def test_each_suite_has_files_of_its_own(self) -> None:
        self.assertEqual(suite_files("trixie"), ("packages.txt", "lock.json"))
        files = ("trixie-backports.txt", "trixie-backports.json")
        self.assertEqual(suite_files("trixie-backports"), files)

    @parameterized.parameters((), ("--packages", "/p"), ("--out", "/o"))
    def test_another_architecture_does_not_get_into_the_suites_own_files(self, *files: str) -> None:
        told = io.StringIO()
        with contextlib.redirect_stderr(told), self.assertRaises(SystemExit):
            main(["--architecture", "arm64", *files])
        self.assertIn("--architecture arm64: the suite's own files are of amd64", told.getvalue())

    def test_sets_of_two_suites_do_not_mix(self) -> None:
        before = _lock("trixie", "1", {"a": "1.0"})
        with self.assertRaisesRegex(LockError, r"set \[a\] was locked for trixie .* not for forky"):
            merged_lock(_lock("forky", "2", {"b": "2.0"}), before, ["a", "b"])

    @parameterized.named_parameters(
        ("before_a_set", "make\n", "line 1: make stands before"),
        ("set_twice", "[a]\nx\n[a]\n", r"line 3: set \[a\] a second time"),
    )
    def test_a_bad_list_is_an_error(self, text: str, message: str) -> None:
        with self.assertRaisesRegex(LockError, message):
            parse_wanted(text)

    def test_entries_come_from_stanzas(self) -> None:
        first, second = map(locked, parse_stanzas(_SHOWN))
        self.assertEqual(
            first,
            {
                "name": "base-files",
                "version": "13.8+deb13u7",
                "path": "pool/main/b/base-files/base-files_13.8+deb13u7_amd64.deb",
                "sha256": "fcd42b",
                "size": 88296,
                "installed_bytes": 358 * 1024,
            },
        )
        self.assertEqual(second["name"], "make")

    @unittest.skipUnless(shutil.which("apt-get"), "there is no apt-get")
    def test_an_unsigned_archive_is_refused(self) -> None:
        mirror = Path(self.create_tempdir().full_path)
        suite = mirror / "dists/trixie"
        (suite / "main/binary-amd64").mkdir(parents=True)
        (suite / "main/binary-amd64/Packages").write_text(_SHOWN)
        (suite / "Release").write_text(_RELEASE)
        keyring = mirror / "no-keys.gpg"
        keyring.touch()
        state = Path(self.create_tempdir().full_path)
        with self.assertRaisesRegex(LockError, "(?s)apt-get update failed.*not signed"):
            Apt(state, f"file://{mirror}", "trixie", keyring)


if __name__ == "__main__":
    absltest.main()
