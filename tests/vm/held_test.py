# SPDX-License-Identifier: Apache-2.0
"""A guest that is held is let go before QEMU is told to quit, which else would wait for it."""

from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.probing import Probing
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm


class HeldTest(absltest.TestCase):
    def _vm(self, termination: Termination, probing: Probing | None) -> Vm:
        root = Path(self.create_tempdir().full_path)
        topology = Topology.parse("1n1l1c1t")
        spec = MachineSpec(QemuTree(root), root, (), (), topology, 256, Accel.VIRTUAL)
        return Vm(spec, root, termination, probing=probing)

    def test_it_is_let_go_before_qemu_is_told_to_quit(self) -> None:
        calls = mock.Mock()
        calls.qmp.closed = False
        with Termination() as termination:
            vm = self._vm(termination, Probing(b"", calls.holds))
            vm._process, vm._qmp = calls.process, calls.qmp
            vm.quit(1.0)
        names = [each[0] for each in calls.mock_calls]
        self.assertEqual(names, ["holds.let_go", "qmp.execute", "process.wait"])

    def test_a_machine_that_nobody_holds(self) -> None:
        with Termination() as termination:
            for probing in (None, Probing(b"")):
                self._vm(termination, probing).let_go()


if __name__ == "__main__":
    absltest.main()
