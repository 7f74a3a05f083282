# SPDX-License-Identifier: Apache-2.0
"""Clones: what QEMU makes of an empty one, that they have no name, and who may not have one."""

import json
import os
import subprocess
from pathlib import Path

from absl import flags
from absl.testing import absltest, parameterized

from ktstr.host.disk_clone import DiskBackend
from ktstr.model.errors import InfraError
from ktstr.vm.disk import overlay
from ktstr.vm.disk.clones import Cloner, run_qemu_img, unnamed_file
from ktstr.vm.disk.disks import DiskSpec, ImageFormat
from ktstr.vm.qemu import QemuTree

_QEMU = flags.DEFINE_string("qemu", None, "The QEMU tree.", required=True)
_MIB = 1 << 20


def _qemu() -> QemuTree:
    return QemuTree.at(Path(_QEMU.value))


class OverlayTest(parameterized.TestCase):
    @parameterized.parameters(512, _MIB, 256 * _MIB, 512 * _MIB, 512 * _MIB + 512, 1 << 40)
    def test_qemu_finds_an_empty_image_without_a_fault(self, size: int) -> None:
        path = self.create_tempfile().full_path
        fd = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, fd)
        overlay.write_empty(fd, size)
        info = json.loads(self.qemu_img("info", "--output=json", path))
        self.assertEqual((info["format"], info["virtual-size"]), ("qcow2", size))
        self.assertNotIn("backing-filename", info)
        self.assertIn("No errors were found", self.qemu_img("check", "-f", "qcow2", path))
        self.assertEqual(json.loads(self.qemu_img("map", "--output=json", path))[0]["zero"], True)

    @parameterized.parameters(0, -1, overlay.MOST_BYTES + 1)
    def test_sizes_that_cannot_be(self, size: int) -> None:
        with self.assertRaisesRegex(ValueError, f"qcow2 of {size} bytes"):
            overlay.write_empty(-1, size)

    def qemu_img(self, *arguments: str) -> str:
        words = _qemu().image_command(*arguments)
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout


class ClonerTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.create_tempdir().full_path)
        self.disk = DiskSpec("data", "data", self.directory / "template.qcow2", 64 * _MIB)

    def test_a_clone_has_no_name_and_takes_no_room(self) -> None:
        clone = Cloner().clone(self.disk, self.directory)
        assert clone.fd is not None
        self.addCleanup(os.close, clone.fd)
        self.assertEmpty(list(self.directory.iterdir()))
        self.assertEqual(clone.image.path, f"/proc/self/fd/{clone.fd}")
        self.assertEqual(clone.image.backing, str(self.disk.template))
        self.assertEqual(clone.facts.backend, DiskBackend.QCOW2_OVERLAY)
        self.assertIn("no store", clone.facts.reason)
        self.assertLess(os.fstat(clone.fd).st_blocks * 512, _MIB)

    def test_two_clones_are_two_files(self) -> None:
        cloner = Cloner()
        files = [cloner.clone(self.disk, self.directory).fd for _ in range(2)]
        inodes = set()
        for fd in files:
            assert fd is not None
            inodes.add(os.fstat(fd).st_ino)
            os.close(fd)
        self.assertLen(inodes, 2)

    def test_a_disk_that_is_only_read_is_its_template(self) -> None:
        disk = DiskSpec("data", "data", self.disk.template, 64 * _MIB, read_only=True)
        clone = Cloner().clone(disk, self.directory)
        self.assertIsNone(clone.fd)
        self.assertEqual(clone.image.path, str(disk.template))
        self.assertEqual(clone.facts.backend, DiskBackend.READ_ONLY)

    def test_a_reflink_is_used_where_there_is_one(self) -> None:
        fd = os.memfd_create("clone")
        self.addCleanup(os.close, fd)
        clone = Cloner(lambda disk: fd).clone(self.disk, self.directory)
        self.assertEqual(clone.fd, fd)
        self.assertEqual(clone.image.format, ImageFormat.RAW)
        self.assertIsNone(clone.image.backing)
        self.assertEqual(clone.facts.backend, DiskBackend.REFLINK)

    def test_a_store_that_cannot_clone_is_told_as_the_reason(self) -> None:
        def refuse(disk: DiskSpec) -> int:
            raise InfraError(f"no reflink for {disk.name} on ext4")

        clone = Cloner(refuse).clone(self.disk, self.directory)
        assert clone.fd is not None
        os.close(clone.fd)
        self.assertEqual(clone.facts.backend, DiskBackend.QCOW2_OVERLAY)
        self.assertIn("no reflink for data on ext4", clone.facts.reason)

    def test_a_directory_that_is_not_there(self) -> None:
        with self.assertRaisesRegex(InfraError, "cannot make a disk's clone in .*/nowhere"):
            unnamed_file(self.directory / "nowhere")

    def test_qemu_img_is_quoted(self) -> None:
        with self.assertRaisesRegex(InfraError, "disk data: qemu-img info failed .*No such file"):
            run_qemu_img(_qemu(), ["info", "/no/such/file"], pass_fds=(), what="disk data")


if __name__ == "__main__":
    absltest.main()
