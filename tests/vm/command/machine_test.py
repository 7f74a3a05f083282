# SPDX-License-Identifier: Apache-2.0
"""Which machines keep QEMU's main loop out of the time of their guests."""

from dataclasses import replace
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec, ProbeWiring, Wiring, command, reproducer
from ktstr.vm.qemu import Arch, QemuTree

_WIRING = Wiring(initramfs=Path("/i"), console="null", frames="null")


_PROBES = ProbeWiring(watch=Path("/w,w"), out="/proc/self/fd/5", hold=7)


def _spec(accel: Accel, tree: str, arch: Arch = Arch.X86_64) -> MachineSpec:
    return MachineSpec(
        qemu=QemuTree(Path(tree), arch),
        kernel=Path("/k"),
        initramfs=(),
        cmdline=(),
        topology=Topology.parse("1n2l2c1t"),
        memory_mib=256,
        accel=accel,
    )


def _command(accel: Accel, tree: str = "/q", probes: ProbeWiring | None = None) -> tuple[str, ...]:
    return command(_spec(accel, tree), replace(_WIRING, probes=probes))


def _script() -> str:
    return reproducer(_spec(Accel.VIRTUAL, "/q"))


class PluginTest(parameterized.TestCase):
    def test_virtual_time_has_it(self) -> None:
        words = _command(Accel.VIRTUAL, "/a,b")
        self.assertEqual(words[words.index("-plugin") + 1], "file=/a,,b/lib/turns.so")

    @parameterized.parameters(Accel.TCG, Accel.KVM)
    def test_real_time_needs_none(self, accel: Accel) -> None:
        self.assertNotIn("-plugin", _command(accel))
        self.assertNotIn("-plugin", _command(accel, probes=_PROBES))

    def test_a_guest_that_is_looked_into_has_another(self) -> None:
        words = _command(Accel.VIRTUAL, "/a,b", _PROBES)
        self.assertEqual(words.count("-plugin"), 2)
        self.assertEqual(
            words[len(words) - words[::-1].index("-plugin")],
            "file=/a,,b/lib/probes.so,watch=/w,,w,out=/proc/self/fd/5,hold=7",
        )

    def test_the_reproducer_has_none_of_it(self) -> None:
        self.assertEqual(_script().count("-plugin"), 1)


class Arm64Test(absltest.TestCase):
    _SPEC = _spec(Accel.VIRTUAL, "/q", Arch.ARM64)

    def test_its_machine_is_virt_with_a_device_tree(self) -> None:
        words = command(self._SPEC, replace(_WIRING, device_tree=Path("/d")))
        self.assertIn("/q/bin/qemu-system-aarch64", words)
        self.assertStartsWith(words[words.index("-machine") + 1], "virt,")
        self.assertEqual(words[words.index("-dtb") + 1], "/d")
        self.assertIn("console=ttyAMA0", words[words.index("-append") + 1])

    def test_it_has_nothing_that_x86_or_saved_guests_need(self) -> None:
        words = " ".join(command(self._SPEC, replace(_WIRING, device_tree=Path("/d"))))
        for word in ("qboot", "mailbox", "ttyS0", "tsc="):
            self.assertNotIn(word, words)

    def test_the_reproducer_takes_the_device_tree_that_lies_beside_it(self) -> None:
        script = reproducer(self._SPEC)
        self.assertIn('cp "$(dirname "$0")/machine.dtb" "$work"/', script)
        self.assertIn('-dtb "$work"/machine.dtb', script)
        self.assertNotIn("dtb", _script())


if __name__ == "__main__":
    absltest.main()
