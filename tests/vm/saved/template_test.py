# SPDX-License-Identifier: Apache-2.0
"""Which machines are the same to a template, and the command line that a clone starts with."""

from dataclasses import replace
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command import machine
from ktstr.vm.command.machine import MachineSpec, Wiring
from ktstr.vm.qemu import Arch, QemuTree
from ktstr.vm.saved.template import TemplateError, machine_digest


class TemplateTest(parameterized.TestCase):
    def _spec(self, name: str = "one") -> MachineSpec:
        folder = Path(self.create_tempdir(name).full_path)
        (folder / "qemu" / "bin").mkdir(parents=True)
        (folder / "qemu" / "bin" / "qemu").write_text("QEMU")
        for file in ("kernel", "base.cpio", "marker.cpio"):
            (folder / file).write_text(file)
        return MachineSpec(
            qemu=QemuTree(folder / "qemu"),
            kernel=folder / "kernel",
            initramfs=(folder / "base.cpio", folder / "marker.cpio"),
            cmdline=("a=b",),
            topology=Topology.parse("1n1l2c1t"),
            memory_mib=512,
            accel=Accel.VIRTUAL,
        )

    def test_neither_paths_nor_seeds_count(self) -> None:
        one, other = self._spec("one"), self._spec("other")
        self.assertEqual(machine_digest(one), machine_digest(other))
        self.assertEqual(machine_digest(one), machine_digest(replace(one, seed=7, parks=True)))

    def test_all_else_does(self) -> None:
        spec = self._spec()
        changed = [
            replace(spec, cmdline=("a=c",)),
            replace(spec, topology=Topology.parse("1n1l1c2t")),
            replace(spec, memory_mib=513),
            replace(spec, accel=Accel.TCG),
            replace(spec, control=True),
            replace(spec, initramfs=tuple(reversed(spec.initramfs))),
            replace(spec, kernel=spec.initramfs[0]),
            *self._of_arm64(spec),
        ]
        digests = [machine_digest(each) for each in (spec, *changed)]
        (spec.qemu.root / "bin" / "more").write_text("")
        digests.append(machine_digest(spec))
        (spec.qemu.root / "bin" / "qemu").write_text("another")
        digests.append(machine_digest(spec))
        self.assertLen(set(digests), len(changed) + 3)

    def _of_arm64(self, spec: MachineSpec) -> list[MachineSpec]:
        """Machines that differ in classes of CPUs alone."""
        qemu = replace(spec.qemu, arch=Arch.ARM64)
        shapes = ("1n2l1c1t", "1n2l1c1t-bl", "1n2l1c1t-lb")
        return [replace(spec, qemu=qemu, topology=Topology.parse(each)) for each in shapes]

    def test_the_architecture_counts_where_files_and_shape_are_the_same(self) -> None:
        spec = self._spec()
        other = replace(spec, qemu=replace(spec.qemu, arch=Arch.ARM64))
        self.assertNotEqual(machine_digest(spec), machine_digest(other))

    def test_file_that_is_missing(self) -> None:
        spec = self._spec()
        spec.kernel.unlink()
        with self.assertRaisesRegex(TemplateError, "cannot tell which machine this is: .*kernel"):
            machine_digest(spec)

    def test_clone_is_the_same_machine_and_boots_nothing(self) -> None:
        spec = self._spec()
        wiring = Wiring(Path("/i"), "null", "null", memory=("/m0",), mailbox="/box")
        cold = machine.command(spec, wiring)
        clone = machine.command(spec, replace(wiring, incoming=True))
        boot = ["-kernel", str(spec.kernel), "-initrd", "/i", "-append"]
        cmdline = cold[cold.index("-append") + 1]
        memories = [
            "memory-backend-file,mem-path=/m0,id=m0,size=512M,",
            "memory-backend-file,mem-path=/box,id=mailbox,size=1024M,",
        ]
        shared = [each + "share=on" for each in memories]
        self.assertCountEqual(set(cold) - set(clone), [*boot, cmdline, *shared])
        own = [each + "share=off,readonly=on,rom=off" for each in memories]
        self.assertCountEqual(set(clone) - set(cold), ["-incoming", "defer", *own])

    @parameterized.parameters((True, "panic=pause"), (False, "panic=none"))
    def test_only_a_guest_to_be_saved_stops(self, parks: bool, action: str) -> None:
        command = machine.command(
            replace(self._spec(), parks=parks), Wiring(Path("/i"), "null", "null")
        )
        self.assertEqual(command[-2:], ("-action", action))


if __name__ == "__main__":
    absltest.main()
