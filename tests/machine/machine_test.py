# SPDX-License-Identifier: Apache-2.0
"""What a machine is checked for against its kernel, and which memory it gets."""

from pathlib import Path
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.machine.located import MachineFiles
from ktstr.machine.machine import TargetMachine, check_sched_ext, kernel_cpus, machine_of
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import UsageError
from ktstr.model.machine.numa import NumaLayout, NumaNode
from ktstr.vm.qemu import QemuTree
from tests.support import targets


class KernelCpusTest(parameterized.TestCase):
    @parameterized.parameters(("CONFIG_SMP=y\nCONFIG_NR_CPUS=64\n", 64), ("# no SMP\n", 1))
    def test_reads_the_config(self, config: str, expected: int) -> None:
        self.assertEqual(kernel_cpus(config), expected)


class SchedExtTest(absltest.TestCase):
    def test_a_scheduler_needs_a_kernel_with_sched_ext(self) -> None:
        without = "CONFIG_SMP=y\n# CONFIG_SCHED_CLASS_EXT is not set\n"
        target = targets.target(scheduler=targets.SCHEDULER)
        with self.assertRaisesRegex(UsageError, "and the kernel has no CONFIG_SCHED_CLASS_EXT"):
            check_sched_ext(target, without)
        check_sched_ext(target, "CONFIG_SCHED_CLASS_EXT=y\n")
        check_sched_ext(targets.target(), without)


class MemoryTest(absltest.TestCase):
    """A guest of the build's has 384 MiB, two layers of 28 and what tests bring."""

    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        (self.root / "config").write_text("CONFIG_SMP=y\nCONFIG_NR_CPUS=64\n")

    def layer(self, name: str, mib: int) -> Path:
        path = self.root / name
        with path.open("wb") as file:
            file.truncate(mib << 20)
        return path

    def machine(
        self, layer_mib: int, accel: Accel = Accel.VIRTUAL, **changes: Any
    ) -> TargetMachine:
        files = MachineFiles(
            qemu=self.root,
            kernel=self.root / "vmlinux",
            kernel_config=self.root / "config",
            base=(self.layer("base", 14), self.layer("sampler", 14)),
            layers=(self.layer("scheduler", layer_mib),),
        )
        target = targets.target(shape_mb=384, **changes)
        qemu = QemuTree(self.root)
        return machine_of(target, files, qemu, accel, TargetDisks(), host_is_amd=False)

    def test_what_fits_has_the_memory_of_the_builds_guest(self) -> None:
        for mib in (1, 80):
            machine = self.machine(mib)
            self.assertEqual((machine.spec.memory_mib, machine.oversize), (384, ""))

    def test_what_does_not_has_more_and_says_how_much(self) -> None:
        machine = self.machine(90)
        self.assertEqual(machine.spec.memory_mib, 396)
        self.assertRegex(machine.oversize, "has 384 MiB of memory, .* need 396; memory_mb = 396")
        self.assertEqual(self.machine(90, memory_mb=396).spec.memory_mib, 396)

    def test_in_real_time_the_build_saves_none(self) -> None:
        machine = self.machine(1, Accel.TCG)
        self.assertEqual((machine.spec.memory_mib, machine.oversize), (256, ""))

    def test_nodes_with_their_own_memory_decide(self) -> None:
        layout = NumaLayout((NumaNode(llcs=1, memory_mb=400), NumaNode(llcs=1, memory_mb=300)))
        machine = self.machine(90, topology="2n2l1c1t", numa=layout)
        self.assertEqual((machine.spec.memory_mib, machine.oversize), (396, ""))

    def test_a_saved_guest_has_none_of_the_targets_layers(self) -> None:
        machine = self.machine(1)
        own = self.root / "own"
        names = [each.name for each in machine.for_test(own).initramfs]
        self.assertEqual(names, ["base", "sampler", "scheduler", "own"])
        self.assertEqual([each.name for each in machine.spec.initramfs], ["base", "sampler"])
        self.assertEqual([each.name for each in machine.brings(own)], ["scheduler", "own"])


if __name__ == "__main__":
    absltest.main()
