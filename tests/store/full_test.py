# SPDX-License-Identifier: Apache-2.0
"""A store on a file system that is full, read-only or not the right one says so."""

import errno
import os
import subprocess
from pathlib import Path

from absl.testing import absltest

from ktstr.model.errors import InfraError
from ktstr.store.key import Key
from ktstr.store.store import NoStore, Store, open_store, require_one_filesystem
from tests.support import mounts

KEY = Key("btrfs", 1, "deadbeef")
_MIB = 1 << 20


def setUpModule() -> None:
    mounts.enter_namespace()


class FullTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.home = Path(self.create_tempdir().full_path)
        self.small = self.home / "small"

    def mount(self, options: str) -> Path:
        mounts.mount(self, self.small, "-t", "tmpfs", "-o", options, "none")
        return self.small / "store"

    def test_an_image_that_does_not_fit(self) -> None:
        store = Store(self.mount("size=2m"))

        def fill(staged: Path) -> None:
            (staged / "image").write_bytes(os.urandom(4 * _MIB))

        with self.assertRaisesRegex(
            InfraError,
            r"make btrfs-1m-deadbeef in .*: there is no space left on tmpfs \(f_type 0x1021994, "
            r"fsid .*\), [01] MiB free; free some, or clean the store",
        ):
            store.publish(KEY, fill)
        self.assertEmpty(os.listdir(store.staging.directory))
        self.assertIsNone(store.lookup(KEY))
        self.assertGreater(os.statvfs(self.small).f_bavail, 0)

    def test_a_disk_that_fills_up_while_the_manifest_is_written(self) -> None:
        store = Store(self.mount("size=1m"))

        def fill(staged: Path) -> None:
            with (staged / "image").open("xb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError as error:
                    assert error.errno == errno.ENOSPC

        with self.assertRaisesRegex(InfraError, "there is no space left on tmpfs"):
            store.publish(KEY, fill)
        self.assertEmpty(os.listdir(store.staging.directory))
        self.assertIsNone(store.lookup(KEY))

    def test_a_disk_without_inodes_for_the_store(self) -> None:
        found = open_store(self.mount("size=1m,nr_inodes=3"))
        assert isinstance(found, NoStore)
        self.assertRegex(found.reason, "make the store's .*there is no space left on tmpfs")

    def test_read_only(self) -> None:
        root = self.mount("size=1m")
        text = "is mounted read-only here; in Bazel's sandbox, allow writing with --sandbox_writ"
        Store(root)
        subprocess.run(["mount", "-o", "remount,ro", str(self.small)], check=True)
        for place in (root, self.small / "other"):
            found = open_store(place)
            assert isinstance(found, NoStore)
            self.assertIn(text, found.reason)
            # one that exists, since Bazel makes none
            self.assertEndsWith(found.reason, f"path={root if place == root else self.small}")
            self.assertIn("tmpfs (f_type 0x1021994, fsid", found.reason)

    def test_publishing_across_file_systems(self) -> None:
        self.mount("size=1m")
        store = Store(self.home / "store")
        source = self.small / "image"
        source.write_bytes(b"one")
        with self.assertRaisesRegex(
            InfraError,
            rf"cannot publish {source} into {store.entries}: the first is on tmpfs \(f_type .*\), "
            rf"the second on .*\(f_type .*\), and publishing is a rename",
        ):
            store.publish_file(KEY, source, "image")
        self.assertTrue(source.exists())

    def test_two_file_systems_of_one_kind_differ(self) -> None:
        self.mount("size=1m")
        second = self.home / "second"
        mounts.mount(self, second, "-t", "tmpfs", "none")
        with self.assertRaisesRegex(InfraError, "on tmpfs .* the second on tmpfs"):
            require_one_filesystem(self.small, second)
        require_one_filesystem(self.small, self.small)

    def test_a_store_that_spans_two(self) -> None:
        store = Store(self.home / "store")
        mounts.mount(self, store.entries, "-t", "tmpfs", "-o", "mode=700", "none")
        with self.assertRaisesRegex(InfraError, "staging/publish.* into .*entries"):
            store.publish(KEY, lambda staged: (staged / "image").touch())
        self.assertEmpty(os.listdir(store.staging.directory))


if __name__ == "__main__":
    absltest.main()
