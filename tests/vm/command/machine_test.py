# SPDX-License-Identifier: Apache-2.0
"""Which machines keep QEMU's main loop out of the time of their guests."""

from dataclasses import replace
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec, ProbeWiring, Wiring, command, reproducer
from ktstr.vm.qemu import QemuTree

_WIRING = Wiring(initramfs=Path("/i"), console="null", frames="null")


_PROBES = ProbeWiring(watch=Path("/w,w"), out="/proc/self/fd/5", hold=7)


def _spec(accel: Accel, tree: str) -> MachineSpec:
    return MachineSpec(
        qemu=QemuTree(Path(tree)),
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


if __name__ == "__main__":
    absltest.main()
