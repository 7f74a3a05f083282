# SPDX-License-Identifier: Apache-2.0
"""What a target's guests are made of is in its results, file by file."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.machine.prepared.accel import AccelChoice
from ktstr.machine.target import DiskFiles, WorkerFiles
from ktstr.model.errors import InfraError
from ktstr.model.machine.disk import Filesystem, Throttle
from ktstr.model.machine.topology import Topology
from ktstr.record.identity import Identity
from ktstr.runner.identity import identity_of
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from tests.support import targets

_DISK = DiskFiles(
    "//pkg:disk",
    "_main/pkg/disk.qcow2",
    "_main/pkg/disk.key",
    Filesystem.EXT4,
    size_mb=64,
    name="",
    read_only=False,
    auto_mount=True,
    throttle=Throttle(),
)
_TARGET = targets.target(
    scheduler=targets.SCHEDULER,
    staged=(replace(targets.SCHEDULER, name="other", layer="_main/sched/other.cpio"),),
    payloads=(targets.PAYLOAD,),
    workers=(WorkerFiles("//pkg:work", "_main/pkg/work.cpio", "work"),),
    disks=(_DISK,),
    sampler="_main/sampler.cpio",
)
_BROUGHT = (
    "_main/sched/fifo/fifo.cpio",
    "_main/sched/other.cpio",
    "_main/pkg/tool.cpio",
    "_main/pkg/work.cpio",
    "_main/pkg/disk.key",
)


class IdentityTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.qemu = QemuTree(self.root / "qemu")
        self.qemu.program.parent.mkdir(parents=True)
        self.qemu.program.write_text("QEMU")
        self.says('{"vmlinux_sha256": "5eed"}')

    def find(self, name: str) -> Path:
        """A file whose content is its name, unless it was written."""
        path = self.root / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return path

    def says(self, build_info: str) -> None:
        """Has the kernel's build say that of itself."""
        path = self.root / _TARGET.kernel.build_info
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(build_info)

    def identity(
        self, accel: Accel = Accel.VIRTUAL, patches: tuple[str, ...] = (), **changes: Any
    ) -> Identity:
        kernel, base = self.find("_main/vmlinux"), self.find("_main/base.cpio")
        topology = Topology.parse(_TARGET.topology)
        spec = MachineSpec(self.qemu, kernel, (base,), (), topology, 256, accel)
        choice = AccelChoice(accel, "asked for")
        target = replace(_TARGET, kernel=replace(_TARGET.kernel, patches=patches))
        return identity_of(target, self.find, replace(spec, **changes), choice)

    def test_all_that_comes_into_the_guest_has_its_digest(self) -> None:
        brought = self.identity().brought
        self.assertEqual(tuple(each.name for each in brought), _BROUGHT)
        for each in brought:
            self.assertEqual(each.sha256, hashlib.sha256(each.name.encode()).hexdigest())

    def test_the_kernel_has_the_digest_that_its_build_says(self) -> None:
        self.assertEqual(self.identity().kernel.vmlinux.sha256, "5eed")

    @parameterized.parameters("", "{}", "[]", '{"vmlinux": "5eed"}')
    def test_a_build_that_says_none_is_an_error(self, said: str) -> None:
        self.says(said)
        with self.assertRaisesRegex(InfraError, "does not say vmlinux_sha256.*build the kernel"):
            self.identity()

    @parameterized.parameters(*_BROUGHT)
    def test_another_file_is_another_identity(self, name: str) -> None:
        before = self.identity()
        self.find(name).write_text("of another build")
        after = self.identity()
        differing = [
            old.name for old, new in zip(before.brought, after.brought, strict=True) if old != new
        ]
        self.assertEqual(differing, [name])

    def test_patches_of_the_kernel_are_named_in_their_order(self) -> None:
        self.assertEmpty(self.identity().kernel.patches)
        names = ("_main/fixes/b.patch", "_main/fixes/a.diff")
        patches = self.identity(patches=names).kernel.patches
        self.assertEqual(tuple(each.name for each in patches), names)
        self.assertEqual(patches[1].sha256, hashlib.sha256(names[1].encode()).hexdigest())

    def test_the_machine_counts_in_virtual_time(self) -> None:
        before = self.identity()
        self.assertEqual(before, self.identity())
        self.assertNotEqual(before.machine, self.identity(memory_mib=512).machine)
        (self.qemu.root / "turns.so").write_text("a plugin")
        self.assertNotEqual(before.machine, self.identity().machine)

    @parameterized.parameters(Accel.KVM, Accel.TCG)
    def test_and_nowhere_else(self, accel: Accel) -> None:
        self.assertEqual(self.identity(accel).machine, "")


if __name__ == "__main__":
    absltest.main()
