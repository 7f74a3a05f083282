# SPDX-License-Identifier: Apache-2.0
"""A wait that ends while its deadline is being told has been in time."""

from __future__ import annotations

from pathlib import Path

from absl.testing import absltest

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.events import Expired, FrameOutput, Interrupted
from ktstr.vm.qemu import QemuTree
from ktstr.vm.signals import Termination
from ktstr.vm.vm import Vm

_SAID, _GONE = FrameOutput(b"what it waits for", 1.0), Interrupted("SIGTERM", 2.0)


class LateTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        root = Path(self.create_tempdir().full_path)
        topology = Topology.parse("1n1l1c1t")
        spec = MachineSpec(QemuTree(root), root, (), (), topology, 256, Accel.TCG)
        self.vm = Vm(spec, root, self.enter_context(Termination()))
        self.boot = self.vm.deadlines.start("boot", 60.0)
        # gathered at once, in this order
        self.vm._pending.extend((_SAID, Expired(self.boot, 1.0), _GONE))

    def test_a_wait_that_is_over_is_not_late(self) -> None:
        self.assertEqual(self.vm.next_event(), _SAID)
        self.vm.deadlines.finish("boot")
        self.vm.deadlines.start("set-up", 60.0)
        self.assertEqual(self.vm.next_event(), _GONE)

    def test_nor_is_one_that_has_been_given_more_time(self) -> None:
        self.assertEqual(self.vm.next_event(), _SAID)
        self.vm.deadlines.put_off(5.0)
        self.assertEqual(self.vm.next_event(), _GONE)

    def test_one_that_goes_on_is(self) -> None:
        told = [self.vm.next_event() for _ in range(3)]
        self.assertEqual(told, [_SAID, Expired(self.boot, 1.0), _GONE])


if __name__ == "__main__":
    absltest.main()
