# SPDX-License-Identifier: Apache-2.0
"""Clones share blocks where the file system can, and are refused elsewhere with its name."""

import errno
import fcntl
import os
import signal
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.model.errors import InfraError
from ktstr.store.key import Key
from ktstr.store.reflink import clone_file, verify_reflink
from ktstr.store.store import Store, require_one_filesystem
from tests.store.children import Child, Signal
from tests.store.killing import KillCase
from tests.support import mounts

KEY = Key("raw", 64, "noversion")
_MIB = 1 << 20
# mkfs.xfs makes nothing smaller than 300 MB
_SIZE = 320 * _MIB


def setUpModule() -> None:
    mounts.enter_namespace()


class RefusedTest(absltest.TestCase):
    """tmpfs has no reflink, wherever this runs."""

    def setUp(self) -> None:
        super().setUp()
        self.home = Path(self.create_tempdir().full_path, "mnt")
        mounts.mount(self, self.home, "-t", "tmpfs", "none")

    def refusal(self, directory: Path) -> str:
        with self.assertRaises(InfraError) as raised:
            verify_reflink(directory)
        return str(raised.exception)

    def test_the_directory_itself(self) -> None:
        text = self.refusal(self.home)
        self.assertStartsWith(text, f"{self.home} is on tmpfs (f_type 0x1021994, fsid ")
        self.assertIn("FICLONE: ", text)
        self.assertIn("a btrfs, or an xfs made with reflink=1, is needed", text)
        self.assertNotIn("probed", text)

    def test_an_ancestor_of_what_does_not_exist(self) -> None:
        missing = self.home / "a" / "b"
        note = f"{missing} (it does not exist yet; probed {self.home}) is on tmpfs"
        self.assertStartsWith(self.refusal(missing), note)
        self.assertEmpty(os.listdir(self.home))

    def test_below_a_dangling_symbolic_link(self) -> None:
        (self.home / "dangling").symlink_to("/no/such/directory")
        self.assertIn(
            f"probed {self.home}) is on tmpfs", self.refusal(self.home / "dangling" / "sub")
        )

    def test_cloning(self) -> None:
        source = self.home / "image"
        source.write_bytes(b"one")
        with self.assertRaisesRegex(InfraError, f"clone {source} into .*tmpfs .*refuses to share"):
            clone_file(source, self.home)
        self.assertEqual(os.listdir(self.home), ["image"])

    def test_a_file_system_without_o_tmpfile(self) -> None:
        source = self.home / "image"
        source.write_bytes(b"one")
        missing = OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        open_file = os.open

        def without_tmpfile(path: Path, flags: int, *mode: int) -> int:
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise missing
            return open_file(path, flags, *mode)

        text = f"{self.home} is on tmpfs .* which has no files without a name .O_TMPFILE: Oper"
        with mock.patch.object(os, "open", without_tmpfile):
            with self.assertRaisesRegex(InfraError, text):
                verify_reflink(self.home)
            with self.assertRaisesRegex(InfraError, text):
                clone_file(source, self.home)
        self.assertEqual(os.listdir(self.home), ["image"])

    def test_a_source_that_is_missing_or_a_link(self) -> None:
        with self.assertRaisesRegex(InfraError, "nowhere: No such file"):
            clone_file(self.home / "nowhere", self.home)
        (self.home / "link").symlink_to("/etc/passwd")
        with self.assertRaisesRegex(InfraError, "link: Too many levels of symbolic links"):
            clone_file(self.home / "link", self.home)

    def test_errors_of_the_system_have_their_own_texts(self) -> None:
        source = self.home / "image"
        source.write_bytes(b"one")
        for number, text in (
            (errno.ENOSPC, "cannot clone .*image into .*: there is no space left on tmpfs"),
            (errno.EDQUOT, "cannot clone .*image into .*: the quota is used up"),
            (errno.EPERM, f"Operation not permitted; {self.home} belongs to user 0, this is"),
            (errno.EXDEV, "image .*one file system only, and the first is on tmpfs .*the second"),
        ):
            failure = OSError(number, os.strerror(number))
            with (
                mock.patch.object(fcntl, "ioctl", side_effect=failure),
                self.assertRaisesRegex(InfraError, text),
            ):
                clone_file(source, self.home)


class CloneTest(KillCase):
    def on(self, filesystem: str) -> Path:
        point = Path(self.create_tempdir().full_path, "mnt")
        mounts.mount_image(self, point, filesystem, _SIZE)
        return point

    def store_with_image(self, point: Path, size: int = 64 * _MIB) -> Store:
        store = Store(point / "store")

        def fill(staged: Path) -> None:
            (staged / "image").write_bytes(os.urandom(size))

        store.publish(KEY, fill).close()
        return store

    @parameterized.parameters("btrfs", "xfs")
    def test_clones_share_blocks_until_they_are_written_to(self, filesystem: str) -> None:
        point = self.on(filesystem)
        verify_reflink(point)
        verify_reflink(point / "not" / "yet")
        store = self.store_with_image(point)
        entry = store.lookup(KEY)
        assert entry is not None
        with entry:
            image = entry.file("image")
            original = image.read_bytes()
            # ten full copies would be twice the file system
            clones = [clone_file(image, store.staging.directory) for _ in range(10)]
            for fd in clones:
                self.addCleanup(os.close, fd)
            self.assertEmpty(os.listdir(store.staging.directory))
            os.pwrite(clones[0], b"changed", 5)
            self.assertEqual(os.pread(clones[0], 7, 5), b"changed")
            self.assertEqual(os.pread(clones[1], len(original), 0), original)
            self.assertEqual(image.read_bytes(), original)
            self.assertEqual(Path(f"/proc/self/fd/{clones[0]}").stat().st_size, len(original))

    @parameterized.parameters("btrfs", "xfs")
    def test_a_clone_onto_another_file_system_names_both(self, filesystem: str) -> None:
        point = self.on(filesystem)
        other = Path(self.create_tempdir().full_path, "other")
        mounts.mount(self, other, "-t", "tmpfs", "none")
        (point / "image").write_bytes(b"one")
        with self.assertRaisesRegex(
            InfraError, rf"the first is on {filesystem} \(.*\), the second on tmpfs \("
        ):
            clone_file(point / "image", other)

    def test_subvolumes_differ(self) -> None:
        point = self.on("btrfs")
        mounts.root_command("bin/btrfs", "subvolume", "create", str(point / "sub"))
        (point / "image").write_bytes(b"one")
        with self.assertRaisesRegex(InfraError, "the first is on btrfs .* the second on btrfs"):
            require_one_filesystem(point / "image", point / "sub")

    def test_an_xfs_made_without_reflink(self) -> None:
        point = Path(self.create_tempdir().full_path, "mnt")
        mounts.mount_image(self, point, "xfs", _SIZE, "-m", "reflink=0")
        with self.assertRaisesRegex(InfraError, f"{point} is on xfs .*where files cannot share"):
            verify_reflink(point)

    def test_a_cloner_killed_at_any_line_leaves_nothing(self) -> None:
        root = self.store_with_image(self.on("btrfs"), _MIB).root
        before = sorted(os.listdir(root))

        def clone() -> None:
            store = Store(root)
            verify_reflink(root)
            entry = store.lookup(KEY)
            assert entry is not None
            with entry:
                clone_file(entry.file("image"), store.staging.directory)

        def check() -> None:
            self.assertEqual(sorted(os.listdir(root)), before)
            self.assertEmpty(os.listdir(root / "staging"))
            entry = Store(root).lookup(KEY)
            assert entry is not None
            entry.close()

        self.at_every_line(clone, check)

    def test_a_killed_cloner_gives_back_what_it_held(self) -> None:
        store = self.store_with_image(self.on("btrfs"), _MIB)
        cloned = Signal()
        self.addCleanup(cloned.close)

        def clone() -> None:
            entry = store.lookup(KEY)
            assert entry is not None
            fd = clone_file(entry.file("image"), store.staging.directory)
            os.pwrite(fd, b"changed", 0)
            cloned.send()
            signal.pause()

        child = Child(clone)
        self.addCleanup(child.kill)
        cloned.wait()
        with store.exclusively(KEY, wait=False) as own:
            self.assertFalse(own, "the cloner has the entry in use")
        child.kill()
        self.assertEmpty(os.listdir(store.staging.directory))
        with store.exclusively(KEY, wait=False) as own:
            self.assertTrue(own)


if __name__ == "__main__":
    absltest.main()
