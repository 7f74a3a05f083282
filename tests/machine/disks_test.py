# SPDX-License-Identifier: Apache-2.0
"""Where a target's disks live under each accelerator, and what of an image is sent to a guest."""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.host.accel import Accel
from ktstr.host.disk_clone import DiskBackend, DiskClone
from ktstr.machine.disks import MEMORY_LIMIT_MIB, PlannedDisk, planned_disks
from ktstr.machine.prepared.disk_layer import data_extents
from ktstr.machine.target import DiskFiles, Target
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import Filesystem, Throttle
from ktstr.vm.disk.clones import Cloner
from tests.support import targets

_PAGE = 4096


def _files(name: str = "", **changes: Any) -> DiskFiles:
    fields: dict[str, Any] = {
        "label": "//d:ext4",
        "template": "_main/d/ext4.qcow2",
        "key_file": "_main/d/ext4.key",
        "filesystem": Filesystem.EXT4,
        "size_mb": 256,
        "read_only": False,
        "auto_mount": True,
        "throttle": Throttle(),
    }
    return DiskFiles(name=name, **(fields | changes))


def _target(*disks: DiskFiles) -> Target:
    return targets.target(disks=disks)


class PlanTest(parameterized.TestCase):
    def test_names_and_mount_points(self) -> None:
        planned = planned_disks(
            _target(
                _files(),
                _files("data"),
                _files(filesystem=Filesystem.RAW),
                _files(auto_mount=False),
            ),
            Accel.TCG,
        )
        self.assertEqual(
            [(each.disk.name, each.disk.serial, each.disk.mount_point) for each in planned],
            [
                ("disk0", "disk0", "/mnt/disk0"),
                ("data", "data", "/mnt/data"),
                ("disk2", "disk2", ""),
                ("disk3", "disk3", ""),
            ],
        )
        self.assertEqual({each.disk.size_bytes for each in planned}, {256 << 20})

    def test_a_name_taken_twice(self) -> None:
        with self.assertRaisesRegex(UsageError, "//pkg:target: two disks are called 'disk1'"):
            planned_disks(_target(_files("disk1"), _files()), Accel.TCG)

    @parameterized.parameters(Accel.TCG, Accel.KVM)
    def test_real_time_uses_disks_of_qemu_which_nothing_is_said_about(self, accel: Accel) -> None:
        planned = planned_disks(_target(_files(), _files(throttle=Throttle(iops=1))), accel)
        self.assertEqual(
            [(each.disk.in_memory, each.varies) for each in planned], 2 * [(False, "")]
        )

    def test_virtual_time_keeps_disks_in_the_guest(self) -> None:
        (planned,) = planned_disks(_target(_files()), Accel.VIRTUAL)
        self.assertTrue(planned.disk.in_memory)
        self.assertEqual(planned.varies, "")

    def test_what_only_qemu_can_do_varies_in_virtual_time_and_says_why(self) -> None:
        throttled, first, second = planned_disks(
            _target(
                _files(throttle=Throttle(iops=1)),
                _files(size_mb=MEMORY_LIMIT_MIB - 1),
                _files(size_mb=2),
            ),
            Accel.VIRTUAL,
        )
        self.assertFalse(throttled.disk.in_memory)
        self.assertRegex(throttled.varies, "runs may differ: it is throttled")
        self.assertTrue(first.disk.in_memory)
        self.assertFalse(second.disk.in_memory)
        self.assertRegex(second.varies, r"its 2 MiB are more than is left .* \(1 MiB\)")


class FactsTest(absltest.TestCase):
    def test_clones_come_in_the_targets_order_and_say_why_they_vary(self) -> None:
        planned = planned_disks(
            _target(_files("slow", throttle=Throttle(iops=1)), _files("fast")), Accel.VIRTUAL
        )
        in_memory = DiskClone("fast", DiskBackend.GUEST_MEMORY, "", 0.5)
        made = DiskClone("slow", DiskBackend.QCOW2_OVERLAY, "", 0.1)
        facts = self.disks(planned, in_memory).facts((made,))
        self.assertEqual([clone.name for clone in facts], ["slow", "fast"])
        self.assertEqual([clone.varies for clone in facts], [planned[0].varies, ""])
        # a machine that never started has no clones of its own
        self.assertEqual(
            [clone.name for clone in self.disks(planned, in_memory).facts(())], ["fast"]
        )

    def disks(self, planned: tuple[PlannedDisk, ...], in_memory: DiskClone) -> TargetDisks:
        return TargetDisks(planned, (), Path("/layer"), (in_memory,), cast(Cloner, None))


class ExtentsTest(absltest.TestCase):
    @settings(deadline=None)
    @given(st.lists(st.sampled_from(["hole", "zeroes", "data"]), max_size=12), st.integers(1, 4095))
    def test_only_what_is_not_zero_is_sent_and_nothing_is_lost(
        self, pages: list[str], tail: int
    ) -> None:
        fd = os.memfd_create("image")
        self.addCleanup(os.close, fd)
        size = len(pages) * _PAGE + tail
        os.truncate(fd, size)
        whole = bytearray(size)
        for index, kind in enumerate(pages):
            page = bytes([index + 1]) * _PAGE if kind == "data" else bytes(_PAGE)
            if kind != "hole":
                os.pwrite(fd, page, index * _PAGE)
                whole[index * _PAGE : (index + 1) * _PAGE] = page
        os.pwrite(fd, b"x", size - 1)
        whole[-1:] = b"x"
        copy = bytearray(size)
        extents = list(data_extents(fd))
        for offset, length in extents:
            copy[offset : offset + length] = os.pread(fd, length, offset)
        self.assertEqual(copy, whole)
        sent = sum(length for _, length in extents)
        self.assertEqual(sent, pages.count("data") * _PAGE + tail)
        # runs do not touch: each is as long as it can be
        for (offset, length), (following, _) in pairwise(extents):
            self.assertLess(offset + length, following)

    def test_an_empty_image_has_nothing_to_send(self) -> None:
        fd = os.memfd_create("image")
        self.addCleanup(os.close, fd)
        os.truncate(fd, 1 << 30)
        self.assertEqual(list(data_extents(fd)), [])


if __name__ == "__main__":
    absltest.main()
