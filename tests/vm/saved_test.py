# SPDX-License-Identifier: Apache-2.0
"""Which of several saved guests is kept: the first whose clock stopped where it parked."""

import itertools
import os
import time
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.model.accel import Accel
from ktstr.model.topology import Topology
from ktstr.vm import saved, stream
from ktstr.vm.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.saved import SavedTemplate, save
from ktstr.vm.signals import Termination
from ktstr.vm.template import Template, TemplateError
from ktstr.vm.vm import OUTPUT_LIMIT, Exited


class SaveTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.create_tempdir().full_path)
        (self.folder / "file").write_bytes(b"")
        (self.folder / "qemu").mkdir()
        self.made: list[SavedTemplate] = []
        self.left_s: list[object] = []

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
                mock.patch.object(saved, "Vm", return_value=vm),
                mock.patch.object(saved, "_wait_until_parked"),
                Termination() as termination,
                self.assertRaisesRegex(TemplateError, "of no use: .*Input/output error"),
            ):
                save(self._spec(Accel.TCG), self.folder, termination, 1.0)
            self.assertCountEqual(os.listdir("/proc/self/fd"), before)

    def _save(
        self,
        accel: Accel,
        late_ns: list[int],
        clock: Iterable[float] = itertools.count(),
        running: int = 1,
    ) -> SavedTemplate:
        def boot(*arguments: object) -> SavedTemplate:
            self.left_s.append(arguments[-1])
            fd = os.memfd_create("node")
            file = self.folder / "file"
            template = Template("d", "m", file, (f"/proc/self/fd/{fd}",), (), file)
            self.made.append(SavedTemplate(template, (fd,), b"hello", 0.0))
            return self.made[-1]

        with (
            mock.patch.object(saved, "_saved", side_effect=boot),
            mock.patch.object(stream, "ns_since_park", side_effect=itertools.cycle(late_ns)),
            mock.patch.object(stream, "running_cpus", return_value=running),
            mock.patch.object(time, "monotonic", side_effect=clock),
            Termination() as termination,
        ):
            return save(self._spec(accel), self.folder, termination, 1.0, 9.0)

    def test_guest_whose_clock_has_not_jumped_is_booted_again(self) -> None:
        kept = self._save(Accel.VIRTUAL, [8, 8, 53824])
        self.addCleanup(kept.close)
        self.assertEqual([each.memory for each in self.made[:-1]], [(), ()])
        self.assertEqual(kept.memory, self.made[2].memory)
        os.fstat(kept.memory[0])

    def test_all_boots_share_one_limit(self) -> None:
        kept = self._save(Accel.VIRTUAL, [8, 8, 24], [100.0, 100.0, 103.5, 108.0, 109.0])
        self.addCleanup(kept.close)
        self.assertEqual(self.left_s, [9.0, 5.5, 1.0])
        self.assertEqual(kept.seconds, 9.0)

    def test_a_clock_that_never_jumps_is_kept_in_the_end(self) -> None:
        kept = self._save(Accel.VIRTUAL, [8])
        self.addCleanup(kept.close)
        self.assertLen(self.made, 8)
        self.assertEqual(kept.memory, self.made[-1].memory)

    def test_beside_a_busy_cpu_the_clock_cannot_jump(self) -> None:
        kept = self._save(Accel.VIRTUAL, [8], running=2)
        self.addCleanup(kept.close)
        self.assertLen(self.made, 1)

    def test_what_is_the_guests_doing_is_told_from_what_is_the_hosts(self) -> None:
        for reason, status, guests in (
            ("guest-reset", 0, True),
            (OUTPUT_LIMIT, -9, True),
            ("host-signal", 0, False),
            ("", -9, False),
            ("", 1, False),
        ):
            self.assertEqual(saved.by_itself(Exited(status, reason, "", 1.0)), guests, reason)

    def test_where_the_clock_is_the_hosts_one_boot_will_do(self) -> None:
        kept = self._save(Accel.TCG, [8])
        self.addCleanup(kept.close)
        self.assertLen(self.made, 1)


if __name__ == "__main__":
    absltest.main()
