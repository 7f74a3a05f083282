# SPDX-License-Identifier: Apache-2.0
"""A place that cannot be a store is refused with what was found there."""

import os
import unittest
from pathlib import Path

from absl.testing import absltest

from ktstr.model.errors import InfraError
from ktstr.store.reflink import verify_reflink
from ktstr.store.store import NoStore, Store, existing_store, open_store
from tests.store.children import Child

_NOBODY = 65534
_UNMAPPED = 77


class DirectoryTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.home = Path(self.create_tempdir().full_path)
        self.root = self.home / "ktstr" / "store"

    def refused(self, text: str) -> None:
        with self.assertRaisesRegex(InfraError, text):
            Store(self.root)
        found = open_store(self.root)
        assert isinstance(found, NoStore)
        self.assertRegex(found.reason, text)

    def test_it_is_made_for_this_user_only(self) -> None:
        store = open_store(self.root)
        assert isinstance(store, Store)
        for name in ("", "entries", "locks", "staging"):
            self.assertEqual((self.root / name).stat().st_mode & 0o777, 0o700)

    def test_a_file(self) -> None:
        self.root.parent.mkdir()
        self.root.touch()
        self.refused(f"store: {self.root} is no directory; remove it")

    def test_a_parent_that_is_a_file(self) -> None:
        self.root.parent.touch()
        self.refused(f"store: {self.root.parent} is no directory, so {self.root} cannot be")

    def test_a_symbolic_link(self) -> None:
        self.root.parent.mkdir()
        self.root.symlink_to(self.home)
        self.refused(f"store: {self.root} is a symbolic link to {self.home}; name that")

    def test_a_dangling_symbolic_link(self) -> None:
        self.root.parent.mkdir()
        self.root.symlink_to(self.home / "nowhere")
        self.refused(f"store: {self.root} is a symbolic link to {self.home}/nowhere")

    def test_a_part_that_is_a_symbolic_link(self) -> None:
        Store(self.root)
        (self.root / "staging").rmdir()
        (self.root / "staging").symlink_to(self.home)
        self.refused(f"store: {self.root}/staging is a symbolic link")

    def test_writable_by_everybody(self) -> None:
        Store(self.root)
        self.root.chmod(0o777)
        self.refused(rf"everybody may write to {self.root} \(mode 777\).*chmod o-w")

    @unittest.skipIf(os.geteuid() != 0, "only root can give directories away")
    def test_somebody_elses(self) -> None:
        Store(self.root)
        try:
            os.chown(self.root, _NOBODY, _NOBODY)
        except OSError as error:
            self.skipTest(f"user {_NOBODY} is not mapped here: {error.strerror}")
        self.refused(f"store: {self.root} belongs to user {_NOBODY}, this is user 0; every user")

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_not_writable(self) -> None:
        self.root.parent.mkdir(mode=0o500)
        self.refused(f"make the store's {self.root}: Permission denied; {self.root.parent} belongs")

    def test_below_a_directory_that_may_not_be_searched(self) -> None:
        # e.g. the cache of root, whose HOME another user has inherited
        closed = self.home / "closed"
        closed.mkdir()
        closed.chmod(0)
        self.addCleanup(closed.chmod, 0o700)
        root = closed / "ktstr" / "store"

        def ask() -> None:
            if os.geteuid() == 0:
                try:
                    os.setuid(_NOBODY)
                except OSError:
                    os._exit(_UNMAPPED)
            found = open_store(root)
            assert isinstance(found, NoStore)
            expected = f"Permission denied; .* belongs to user .*, this is user {os.geteuid()}"
            self.assertRegex(found.reason, expected)
            with self.assertRaisesRegex(InfraError, expected):
                verify_reflink(root)

        status = Child(ask).wait()
        if status == _UNMAPPED:
            self.skipTest(f"user {_NOBODY} is not mapped here")
        self.assertEqual(status, 0)

    def test_a_lock_that_is_a_symbolic_link(self) -> None:
        Store(self.root)
        (self.root / "sweep.lock").unlink()
        (self.root / "sweep.lock").symlink_to(self.home / "elsewhere")
        self.refused("open the lock .*sweep.lock: Too many levels of symbolic links")
        self.assertFalse((self.home / "elsewhere").exists())

    def test_looking_for_a_store_makes_none(self) -> None:
        self.assertIsNone(existing_store(self.root))
        self.assertFalse(self.root.exists())
        Store(self.root)
        self.assertIsNotNone(existing_store(self.root))


if __name__ == "__main__":
    absltest.main()
