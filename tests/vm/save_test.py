# SPDX-License-Identifier: Apache-2.0
"""How a guest is saved that ends, or says what cannot be read."""

import os
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.host.accel import Accel
from ktstr.model.machine.topology import Topology
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.events import OUTPUT_LIMIT, Exited
from ktstr.vm.qemu import QemuTree
from ktstr.vm.save import by_itself, save
from ktstr.vm.saved.template import TemplateError
from ktstr.vm.signals import Termination


class SaveTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)
        (self.folder / "file").write_bytes(b"")
        (self.folder / "qemu").mkdir()

    def _spec(self, accel: Accel) -> MachineSpec:
        return MachineSpec(
            qemu=QemuTree(self.folder / "qemu"),
            kernel=self.folder / "file",
            initramfs=(),
            cmdline=(),
            topology=Topology.parse("1n1l1c1t"),
            memory_mib=256,
            accel=accel,
        )

    def test_output_that_cannot_be_read(self) -> None:
        with os.fdopen(os.memfd_create("node")) as node:
            vm = mock.MagicMock()
            vm.__enter__.return_value = vm
            vm.files.memory = [node.fileno()]
            vm.files.is_full.return_value = False
            vm.files.frames.read_bytes.side_effect = OSError(5, "Input/output error")
            before = os.listdir("/proc/self/fd")
            with (
                mock.patch("ktstr.vm.save.Vm", return_value=vm),
                mock.patch("ktstr.vm.save._wait_until_parked"),
                Termination() as termination,
                self.assertRaisesRegex(TemplateError, "of no use: .*Input/output error"),
            ):
                save(self._spec(Accel.TCG), self.folder, termination, 1.0)
            self.assertCountEqual(os.listdir("/proc/self/fd"), before)

    def test_what_is_the_guests_doing_is_told_from_what_is_the_hosts(self) -> None:
        for reason, status, guests in (
            ("guest-reset", 0, True),
            (OUTPUT_LIMIT, -9, True),
            ("host-signal", 0, False),
            ("", -9, False),
            ("", 1, False),
        ):
            self.assertEqual(by_itself(Exited(status, reason, "", 1.0)), guests, reason)


if __name__ == "__main__":
    absltest.main()
