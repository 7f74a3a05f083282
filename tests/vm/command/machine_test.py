# SPDX-License-Identifier: Apache-2.0
"""Which machines keep QEMU's main loop out of the time of their guests."""

from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec, Wiring, command
from ktstr.vm.qemu import QemuTree

_WIRING = Wiring(initramfs=Path("/i"), console="null", frames="null")


def _command(accel: Accel, tree: str = "/q") -> tuple[str, ...]:
    spec = MachineSpec(
        qemu=QemuTree(Path(tree)),
        kernel=Path("/k"),
        initramfs=(),
        cmdline=(),
        topology=Topology.parse("1n2l2c1t"),
        memory_mib=256,
        accel=accel,
    )
    return command(spec, _WIRING)


class PluginTest(parameterized.TestCase):
    def test_virtual_time_has_it(self) -> None:
        words = _command(Accel.VIRTUAL, "/a,b")
        self.assertEqual(words[words.index("-plugin") + 1], "file=/a,,b/lib/turns.so")

    @parameterized.parameters(Accel.TCG, Accel.KVM)
    def test_real_time_needs_none(self, accel: Accel) -> None:
        self.assertNotIn("-plugin", _command(accel))


if __name__ == "__main__":
    absltest.main()
