# SPDX-License-Identifier: Apache-2.0
"""Disks that are not there, and images that are not whole, as the agent tells of them."""

import errno
import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.guest.disks import disks, filesystem, loop_device
from ktstr.guest.disks.disks import Disks
from ktstr.guest.system.reactor import Reactor
from ktstr.model.errors import InfraError
from ktstr.model.facts import DiskFacts, Event
from ktstr.model.machine.disk import Disk, Filesystem
from tests.support.sink import Sink

_SIZE = 1 << 20


def _disk(**changes: Any) -> Disk:
    fields: dict[str, Any] = {
        "index": 0,
        "name": "data",
        "serial": "data",
        "filesystem": Filesystem.EXT4,
        "size_bytes": _SIZE,
        "read_only": False,
        "mount_point": "/mnt/data",
    }
    return Disk(**(fields | changes))


class MissingTest(absltest.TestCase):
    def test_a_device_that_never_appears_is_told_with_those_that_did(self) -> None:
        block = Path(self.create_tempdir().full_path)
        for name, serial in (("loop0", ""), ("vda", "other")):
            (block / name).mkdir()
            if serial:
                (block / name / "serial").write_text(serial)
        port = Sink()
        with (
            mock.patch.object(disks, "_BLOCK", str(block)),
            mock.patch.object(disks, "KernelLog"),
        ):
            found = Disks((_disk(),), Reactor(), port, 0.05)  # type: ignore[arg-type]
            self.assertFalse(found.ready())
            found.finish()
        (fact,) = port.facts
        self.assertIsInstance(fact, DiskFacts)
        self.assertEqual((fact.device, fact.mount_point, fact.magic), ("", "", 0))
        self.assertEqual(
            fact.error,
            "no device with serial number 'data' after 0.05 s of guest time; there are "
            "loop0 (no serial number), vda (other)",
        )


class FinishTest(parameterized.TestCase):
    @parameterized.parameters((errno.EBUSY, ["disk_busy"]), (errno.EINVAL, []))
    def test_only_a_disk_that_is_in_use_is_told_of(self, number: int, events: list[str]) -> None:
        block = Path(self.create_tempdir().full_path)
        (block / "null").mkdir()
        (block / "null" / "serial").write_text("data")
        port = Sink()
        refusal = mock.Mock(side_effect=OSError(number, os.strerror(number)))
        with (
            mock.patch.object(disks, "_BLOCK", str(block)),
            mock.patch.object(disks, "KernelLog"),
            mock.patch.object(os, "makedirs"),
            mock.patch.multiple(filesystem, mount=mock.Mock(), magic_of=mock.Mock(return_value=1)),
            mock.patch.object(filesystem, "unmount", refusal),
        ):
            found = Disks((_disk(),), Reactor(), port, 0.05)  # type: ignore[arg-type]
            self.assertTrue(found.ready(), port.facts)
            found.finish()
        told = [(fact.name, fact.detail) for fact in port.facts if isinstance(fact, Event)]
        self.assertEqual(told[0], ("disk_mount", "data"))
        self.assertEqual(events, [name for name, _ in told[1:]])


class ImageTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.images = Path(self.create_tempdir().full_path)
        patch = mock.patch.object(loop_device, "IMAGES_DIR", str(self.images))
        self.enter_context(patch)

    def write(self, extents: list[tuple[int, int]], data: bytes) -> None:
        (self.images / "data.json").write_text(json.dumps(extents))
        (self.images / "data.data").write_bytes(data)

    def test_what_is_no_hole_is_put_where_it_belongs(self) -> None:
        self.write([(4096, 5), (_SIZE - 3, 3)], b"firstend")
        memory = os.memfd_create("disk")
        self.addCleanup(os.close, memory)
        os.truncate(memory, _SIZE)
        loop_device._fill(memory, _disk())
        self.assertEqual(os.fstat(memory).st_size, _SIZE)
        self.assertEqual(os.pread(memory, 5, 4096), b"first")
        self.assertEqual(os.pread(memory, 3, _SIZE - 3), b"end")
        self.assertEqual(os.pread(memory, 4096, 0), bytes(4096))
        # it took the guest's memory a second time
        self.assertFalse((self.images / "data.data").exists())

    def test_an_image_that_is_cut_short(self) -> None:
        self.write([(0, 10)], b"short")
        with self.assertRaisesRegex(InfraError, "image of disk data is cut short"):
            loop_device.attach(_disk())

    def test_an_image_that_is_not_there(self) -> None:
        with self.assertRaisesRegex(InfraError, "image of disk data is not in the guest: .*json"):
            loop_device.attach(_disk())


if __name__ == "__main__":
    absltest.main()
