# SPDX-License-Identifier: Apache-2.0
"""Verdicts are remembered under what they depend on, and never trusted from elsewhere."""

import tempfile
from dataclasses import replace
from pathlib import Path

from absl.testing import absltest

from ktstr.vm.kvm.verdicts import Verdict, VerdictCache

_VERDICT = Verdict(False, "a test guest stopped at cmpxchg16b", 0.25)


class VerdictCacheTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_stored_is_loaded(self) -> None:
        VerdictCache("a" * 64, (self.folder / "new",)).store(_VERDICT)
        self.assertEqual(VerdictCache("a" * 64, (self.folder / "new",)).load(), _VERDICT)

    def test_other_identity_knows_nothing_and_replaces(self) -> None:
        first, second = (VerdictCache(each * 64, (self.folder,)) for each in "ab")
        first.store(_VERDICT)
        self.assertIsNone(second.load())
        second.store(replace(_VERDICT, usable=True))
        self.assertIsNone(first.load())
        self.assertLen(list(self.folder.iterdir()), 1)

    def test_second_directory_is_used_where_the_first_cannot_be_written(self) -> None:
        blocked = self.folder / "file"
        blocked.write_text("")
        cache = VerdictCache("a" * 64, (blocked / "below", self.folder / "shm"))
        cache.store(_VERDICT)
        self.assertEqual(cache.load(), _VERDICT)

    def test_damaged_file_is_no_verdict(self) -> None:
        cache = VerdictCache("a" * 64, (self.folder,))
        cache.store(_VERDICT)
        (path,) = self.folder.iterdir()
        for text in ("", "{", "[]", '{"usable": true}'):
            path.write_text(text)
            self.assertIsNone(cache.load())

    def test_nowhere_to_write_is_no_error(self) -> None:
        cache = VerdictCache("a" * 64, ())
        cache.store(_VERDICT)
        self.assertIsNone(cache.load())


if __name__ == "__main__":
    absltest.main()
