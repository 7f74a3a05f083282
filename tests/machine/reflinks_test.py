# SPDX-License-Identifier: Apache-2.0
"""Raw clones from the host's store, on file systems that share blocks and that do not."""

import os
from pathlib import Path

from absl import flags
from absl.testing import absltest

from ktstr.host.disk_clone import DiskBackend
from ktstr.machine.prepared.reflinks import Reflinks
from ktstr.model.errors import InfraError
from ktstr.store.key import Key
from ktstr.vm.disk import overlay
from ktstr.vm.disk.clones import Cloner
from ktstr.vm.disk.disks import DiskSpec, ImageFormat
from ktstr.vm.qemu import QemuTree
from tests.support import mounts

_QEMU = flags.DEFINE_string("qemu", None, "The QEMU tree.", required=True)
_SIZE = 32 << 20
_KEY = Key("raw", _SIZE >> 20, "noversion")


class ReflinksTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)
        self.template = self.directory / "template.qcow2"
        fd = os.open(self.template, os.O_RDWR | os.O_CREAT, 0o444)
        overlay.write_empty(fd, _SIZE)
        os.close(fd)
        self.disk = DiskSpec("data", "data", self.template, _SIZE)

    def reflinks(self, root: Path) -> Reflinks:
        return Reflinks(QemuTree.at(Path(_QEMU.value)), {"data": _KEY}, root)

    def test_clones_share_an_image_that_is_made_once(self) -> None:
        mounts.enter_namespace()
        point = self.directory / "point"
        mounts.mount_image(self, point, "btrfs", 256 << 20)
        root = point / "store"
        reflinks = self.reflinks(root)
        self.addCleanup(reflinks.close)
        clone = Cloner(reflinks.clone).clone(self.disk, self.directory)
        self.assertEqual(clone.facts.backend, DiskBackend.REFLINK)
        self.assertEqual(clone.image.format, ImageFormat.RAW)
        assert clone.fd is not None
        self.assertEqual(os.fstat(clone.fd).st_size, _SIZE)
        os.pwrite(clone.fd, b"mine", 0)
        self.template.unlink()  # what is in the store is not made again
        other = reflinks.clone(self.disk)
        self.assertEqual(os.pread(other, 4, 0), bytes(4))
        entries = [path.name for path in (root / "entries").iterdir()]
        self.assertEqual(entries, [str(_KEY)])
        self.assertEmpty(list((root / "staging").iterdir()))
        os.close(other)
        os.close(clone.fd)

    def test_a_template_that_is_larger_than_its_disk_leaves_nothing(self) -> None:
        mounts.enter_namespace()
        point = self.directory / "point"
        mounts.mount_image(self, point, "btrfs", 256 << 20)
        root = point / "store"
        smaller = DiskSpec("data", "data", self.template, _SIZE // 2)
        with self.assertRaisesRegex(InfraError, "disk data: qemu-img convert failed"):
            self.reflinks(root).clone(smaller)
        self.assertEmpty([*(root / "staging").iterdir(), *(root / "entries").iterdir()])

    def test_a_file_system_without_reflinks_is_named_and_nothing_is_made_there(self) -> None:
        mounts.enter_namespace()
        point = self.directory / "point"
        mounts.mount(self, point, "-t", "tmpfs", "none")
        root = point / "cache" / "store"
        reflinks = self.reflinks(root)
        for _ in range(2):
            with self.assertRaisesRegex(InfraError, "tmpfs.*a btrfs, or an xfs"):
                reflinks.clone(self.disk)
        self.assertEmpty(list(point.iterdir()))
        clone = Cloner(reflinks.clone).clone(self.disk, self.directory)
        self.assertEqual(clone.facts.backend, DiskBackend.QCOW2_OVERLAY)
        self.assertIn("tmpfs", clone.facts.reason)
        assert clone.fd is not None
        os.close(clone.fd)


if __name__ == "__main__":
    absltest.main()
