# SPDX-License-Identifier: Apache-2.0
"""Workers that do I/O are given disks that can take it, or their author is told which could."""

from absl.testing import absltest, parameterized

from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import Disk, Filesystem
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.scenario import CgroupDef, defs
from ktstr.model.validation.validate import check_scenario
from ktstr.model.work.disk import check_disk_work
from ktstr.model.work.kind import WorkType
from ktstr.model.work.teams import IoConvoy
from ktstr.model.work.types import CpuSpin, IoRandRead, IoSyncWrite
from ktstr.model.work.work import Work

_MIB = 1 << 20


def _disk(name: str, mount_point: str, *, read_only: bool = False) -> Disk:
    return Disk(0, name, name, Filesystem.EXT4, _MIB, read_only, mount_point)


DISKS = (
    _disk("disk0", "/mnt/disk0"),
    _disk("sealed", "/mnt/sealed", read_only=True),
    _disk("bare", ""),
)


class DiskWorkTest(parameterized.TestCase):
    @parameterized.parameters(
        IoSyncWrite(),
        IoConvoy(),
        IoRandRead(),
        IoRandRead("sealed"),
        IoRandRead("bare"),
        CpuSpin(),
    )
    def test_what_can_be_done(self, work: WorkType) -> None:
        check_disk_work(work, DISKS)

    @parameterized.parameters(
        (IoRandRead("other"), "there is no disk 'other'; disks of this test: disk0, sealed, bare"),
        (
            IoSyncWrite("sealed"),
            "disk 'sealed' is read-only; disks of this test it could use: disk0",
        ),
        (IoConvoy("sealed"), "IoConvoy: disk 'sealed' is read-only"),
        (IoConvoy("bare"), "IoConvoy: disk 'bare' is not mounted; .* use: disk0$"),
    )
    def test_what_cannot(self, work: WorkType, text: str) -> None:
        with self.assertRaisesRegex(UsageError, text):
            check_disk_work(work, DISKS)

    def test_a_test_without_disks(self) -> None:
        with self.assertRaisesRegex(UsageError, "no disk 'disk0'; disks of this test: none"):
            check_disk_work(IoSyncWrite(), ())

    def test_no_disk_would_do(self) -> None:
        with self.assertRaisesRegex(UsageError, "is read-only; .* it could use: none"):
            check_disk_work(IoSyncWrite("sealed"), DISKS[1:])

    def test_a_block_larger_than_the_disk(self) -> None:
        small = (Disk(0, "disk0", "s", Filesystem.RAW, 1024, False, ""),)
        with self.assertRaisesRegex(UsageError, r"a block of 4 KiB .* disk 'disk0' \(1024 bytes\)"):
            check_disk_work(IoRandRead(), small)

    def test_scenarios_are_checked_for_it(self) -> None:
        view = TopologyView.of(Topology.parse("1n1l2c1t"))
        scenario = defs(CgroupDef("io", works=(Work(IoSyncWrite("bare"), workers=1),)))
        with self.assertRaisesRegex(UsageError, "step 0: cgroup 'io': IoSyncWrite: disk 'bare' is"):
            check_scenario(scenario, view, 1, None, (), DISKS)


if __name__ == "__main__":
    absltest.main()
