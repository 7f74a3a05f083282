# SPDX-License-Identifier: Apache-2.0
"""A target's names become paths once, all of them, and in the order of the initramfs."""

from dataclasses import replace
from pathlib import Path

from absl.testing import absltest

from ktstr.machine.located import machine_files
from ktstr.machine.target import DiskFiles, WorkerFiles
from ktstr.model.errors import InfraError
from ktstr.model.machine.disk import Filesystem, Throttle
from tests.support import targets

_DISK = DiskFiles(
    "//pkg:disk", "_main/disk", "_main/key", Filesystem.RAW, 64, "", False, False, Throttle()
)


def _find(name: str) -> Path:
    return Path("/real", name)


class MachineFilesTest(absltest.TestCase):
    def test_layers_lie_upon_each_other_in_one_order(self) -> None:
        target = targets.target(
            scheduler=targets.SCHEDULER,
            staged=(replace(targets.SCHEDULER, layer="_main/other.cpio"),),
            payloads=(targets.PAYLOAD,),
            workers=(WorkerFiles("//pkg:own", "_main/own.cpio", "own"),),
            sampler="_main/sampler.cpio",
        )
        files = machine_files(target, _find)
        for found, names in (
            (files.base, ["base", "sampler"]),
            (files.layers, ["sched/fifo/fifo", "other", "pkg/tool", "own"]),
        ):
            self.assertEqual(found, tuple(Path(f"/real/_main/{each}.cpio") for each in names))

    def test_kernel_qemu_and_disks(self) -> None:
        files = machine_files(targets.target(disks=(_DISK,)), _find)
        found = (files.kernel, files.kernel_config, files.qemu, files.disks[0].template)
        names = ("vmlinux", "config", "qemu", "disk")
        self.assertEqual(found, tuple(Path("/real/_main", each) for each in names))
        self.assertEqual(files.disks[0].key_file, Path("/real/_main/key"))
        self.assertIsNone(files.template)

    def test_a_saved_guest_that_is_missing_is_no_error_yet(self) -> None:
        def find(name: str) -> Path:
            if name == "t":
                raise InfraError("t is not there")
            return _find(name)

        files = machine_files(targets.target(template="t"), find)
        self.assertEqual((files.template, files.no_template), (None, "t is not there"))
        self.assertEqual(
            machine_files(targets.target(template="u"), find).template, Path("/real/u")
        )

    def test_any_other_is_one(self) -> None:
        def find(name: str) -> Path:
            raise InfraError(f"runfile {name} is not there")

        with self.assertRaisesRegex(InfraError, "runfile _main/qemu is not there"):
            machine_files(targets.target(template="t"), find)


if __name__ == "__main__":
    absltest.main()
