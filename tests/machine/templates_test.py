# SPDX-License-Identifier: Apache-2.0
"""Which saved guest a test is cloned from, or why it boots cold."""

from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.host.accel import Accel
from ktstr.machine.located import machine_files
from ktstr.machine.machine import TargetMachine
from ktstr.machine.prepared import templates as templates_of_runs
from ktstr.machine.prepared.starts import Start
from ktstr.machine.prepared.templates import Templates, cold_reason
from ktstr.machine.saving import UNUSABLE
from ktstr.machine.target import DiskFiles, Target
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import InfraError
from ktstr.model.machine.disk import Filesystem, Throttle
from ktstr.model.machine.topology import Topology
from ktstr.model.wire import mailbox
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.qemu import QemuTree
from ktstr.vm.saved.template import TemplateError
from ktstr.vm.signals import Termination
from tests.support import targets

_DISK = DiskFiles(
    "//pkg:disk", "_main/disk", "_main/key", Filesystem.RAW, 64, "", False, False, Throttle()
)


class ColdReasonTest(absltest.TestCase):
    def test_a_saved_guest_is_used_for_one_test_already(self) -> None:
        self.assertEqual(cold_reason(targets.target(template="t"), Accel.VIRTUAL, 1), "")

    def test_the_build_has_saved_none_for_real_time(self) -> None:
        for accel in (Accel.KVM, Accel.TCG):
            self.assertIn("only test", cold_reason(targets.target(template="t"), accel, 1))
            self.assertEqual(cold_reason(targets.target(template="t"), accel, 2), "")

    def test_saving_a_guest_pays_from_two_tests_on(self) -> None:
        self.assertEqual(cold_reason(targets.target(), Accel.TCG, 2), "")
        self.assertIn("only test", cold_reason(targets.target(), Accel.TCG, 1))

    def test_what_the_target_says(self) -> None:
        fresh = targets.target(template="t", fresh_boot=True)
        self.assertIn("fresh_boot", cold_reason(fresh, Accel.VIRTUAL, 2))
        with_disk = targets.target(template="t", disks=(_DISK,))
        self.assertIn("disks", cold_reason(with_disk, Accel.VIRTUAL, 2))


class TemplatesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.layer = self.root / "test.cpio"
        self.layer.write_bytes(b"layer")
        self.termination = self.enter_context(Termination())

    def templates(self, target: Target, tests: int = 2) -> Templates:
        spec = MachineSpec(
            QemuTree(self.root), self.root / "vmlinux", (), (), Topology(1, 1, 1, 1), 256,
            Accel.VIRTUAL,
        )  # fmt: skip
        machine = TargetMachine(spec, TargetDisks())
        files = machine_files(target, self.find)
        made = Templates(
            target, files, machine, self.root, self.termination, tests, self.root / "s"
        )
        self.addCleanup(made.close)
        return made

    def find(self, name: str) -> Path:
        path = self.root / name
        if name.endswith(".template") and not path.exists():
            raise InfraError(f"runfile {name} is not there")
        return path

    def cold(self, templates: Templates) -> str:
        start = templates.start(self.layer, 60.0)
        self.assertIsNone(start.template)
        self.assertEqual(start, Start(start.reason))
        return start.reason

    def test_a_template_that_is_missing(self) -> None:
        templates = self.templates(targets.target(template="gone.template"))
        self.assertIn("runfile gone.template is not there", self.cold(templates))
        self.assertEqual(sorted(each.name for each in self.root.iterdir()), ["test.cpio"])

    def test_a_template_that_could_not_be_made(self) -> None:
        (self.root / "t").mkdir()
        (self.root / "t" / UNUSABLE).write_text("the kernel panicked\n")
        self.assertIn(
            "the kernel panicked", self.cold(self.templates(targets.target(template="t")))
        )

    def test_what_was_refused_once_is_not_tried_again(self) -> None:
        templates = self.templates(targets.target(template="t"))
        self.assertIn("QEMU said no", templates.refuse("QEMU said no").reason)
        with mock.patch.object(templates_of_runs, "read_artifact") as read:
            self.assertIn("QEMU said no", self.cold(templates))
        read.assert_not_called()

    def test_a_test_that_brings_more_than_the_mailbox_takes(self) -> None:
        self.layer.write_bytes(bytes(mailbox.capacity() + 1))
        templates = self.templates(targets.target(template="t"))
        reason = self.cold(templates)
        self.assertIn(str(mailbox.capacity() + 1), reason)
        self.layer.write_bytes(b"small")
        self.assertNotEqual(self.cold(templates), reason)

    def test_a_guest_that_cannot_be_saved(self) -> None:
        with mock.patch(
            "ktstr.machine.prepared.templates.save_guest",
            side_effect=TemplateError("it never parked"),
        ):
            templates = self.templates(targets.target())
            self.assertIn("it never parked", self.cold(templates))
            self.assertIn("it never parked", self.cold(templates))


if __name__ == "__main__":
    absltest.main()
