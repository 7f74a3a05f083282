# SPDX-License-Identifier: Apache-2.0
"""Cargo's last words become an error that says whose crate, what is wrong, and what to do."""

import json

from absl.testing import absltest, parameterized

from tools.crates.words import explain, last_words, needed, not_there, programs

# As cargo 1.95 said them when a digit of a lock's checksum was changed, when a manifest asked for
# another version than its lock has, when there was no lock, and when a mirror lacked a crate.
_CHECKSUM = """\
    Updating the registry's index
error: failed to sync

Caused by:
  failed to load lockfile for /scratch/scx_mine-1.0.0

Caused by:
  checksum for `aho-corasick v1.1.5` changed between lock files
"""
_STALE = """\
error: failed to sync

Caused by:
  cannot update the lock file /scratch/scx_mine-1.0.0/Cargo.lock because --locked was passed to \
prevent this
"""
_OLDER = """\
error: the lock file /scratch/Cargo.lock needs to be updated but --locked was passed to prevent this
"""
_LEFT = """\
 Downloading crates ...
error: failed to download from `https://mirror/libc/0.2.190/download`

Caused by:
  failed to get successful HTTP response from `https://mirror/libc/0.2.190/download`, got 404
"""
_NETWORK = "error: failed to sync\n\nCaused by:\n  [6] Could not resolve hostname\n"


def _metadata(*targets: tuple[str, str]) -> str:
    return json.dumps(
        {"packages": [{"targets": [{"name": name, "kind": [kind]} for name, kind in targets]}]}
    )


class WordsTest(parameterized.TestCase):
    @parameterized.parameters(
        (_CHECKSUM, "does not match what it locks"),
        (_STALE, "does not match what it locks"),
        (_OLDER, "does not match what it locks"),
        (_LEFT, "a crate that its Cargo.lock names is not to be had"),
        (_NETWORK, "cargo does not fetch what it needs"),
    )
    def test_each_failure_is_its_own(self, text: str, expected: str) -> None:
        said = str(explain("crate scx_mine 1.0.0", text))
        self.assertStartsWith(said, "crate scx_mine 1.0.0: ")
        self.assertIn(expected, said)
        self.assertIn(text.strip().splitlines()[-1], said)

    def test_a_crate_that_is_not_there_names_the_command_that_lists_versions(self) -> None:
        said = str(
            not_there("crate scx_mine 9.9.9", "scx_mine", "error: could not find `scx_mine@9.9.9`")
        )
        self.assertIn("gone, yanked, or never there", said)
        self.assertIn("`cargo info scx_mine`", said)
        self.assertIn("    error: could not find `scx_mine@9.9.9`", said)

    def test_progress_is_left_out_of_the_last_words(self) -> None:
        self.assertNotIn("Updating", last_words(_CHECKSUM))
        self.assertStartsWith(last_words(_CHECKSUM), "    error: failed to sync")
        self.assertEqual(last_words(" Downloading crates ...\n"), "    (nothing)")

    def test_programs_are_the_targets_that_can_be_started(self) -> None:
        self.assertEqual(
            programs(_metadata(("scx_mine", "lib"), ("scx_mine", "bin"))), ["scx_mine"]
        )
        self.assertEqual(programs(_metadata(("scx_mine", "lib"), ("first", "example"))), [])

    def test_needed_crates_are_named_as_their_directories_are(self) -> None:
        tree = [
            "scx_mine v1.0.0 (/scratch/scx_mine-1.0.0)",
            "libbpf-sys v1.7.0+v1.7.0",
            "serde_derive v1.0.2 (proc-macro)",
            "libc v0.2.190 (*)",
            "[build-dependencies]",
            "",
        ]
        self.assertEqual(
            needed(tree),
            {"scx_mine-1.0.0", "libbpf-sys-1.7.0+v1.7.0", "serde_derive-1.0.2", "libc-0.2.190"},
        )


if __name__ == "__main__":
    absltest.main()
