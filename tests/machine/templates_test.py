# SPDX-License-Identifier: Apache-2.0
"""Which saved guest a test is cloned from, or why it boots cold."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from absl.testing import absltest

from ktstr.host.accel import Accel
from ktstr.machine.located import machine_files
from ktstr.machine.machine import TargetMachine
from ktstr.machine.prepared import templates as templates_of_runs
from ktstr.machine.prepared.starts import Start
from ktstr.machine.prepared.templates import Templates, cold_reason
from ktstr.machine.saving import UNUSABLE
from ktstr.machine.target import Target
from ktstr.machine.target_disks import TargetDisks
from ktstr.model.errors import InfraError
from ktstr.model.machine.topology import Topology
from ktstr.model.wire import mailbox
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.disk.disks import DiskSpec
from ktstr.vm.qemu import Arch, QemuTree
from ktstr.vm.save import SavedTemplate
from ktstr.vm.saved.template import Template, TemplateError
from ktstr.vm.signals import Termination
from tests.support import targets

_DISK = DiskSpec("slow", "slow", Path("/disk"), 64 << 20)


def _machine(
    root: Path = Path("/"), accel: Accel = Accel.VIRTUAL, oversize: str = "", **changes: Any
) -> TargetMachine:
    spec = MachineSpec(
        QemuTree(root), root / "vmlinux", (), (), Topology(1, 1, 1, 1), 256, accel, **changes
    )
    return TargetMachine(spec, TargetDisks(), (), oversize)


class ColdReasonTest(absltest.TestCase):
    def test_a_saved_guest_is_used_for_one_test_already(self) -> None:
        self.assertEqual(cold_reason(targets.target(template="t"), _machine(), 1), "")

    def test_the_build_has_saved_none_for_real_time(self) -> None:
        for accel in (Accel.KVM, Accel.TCG):
            machine = _machine(accel=accel)
            self.assertRegex(
                cold_reason(targets.target(template="t"), machine, 1), "only test.*virtual time"
            )
            self.assertEqual(cold_reason(targets.target(template="t"), machine, 2), "")

    def test_saving_a_guest_pays_from_two_tests_on(self) -> None:
        machine = _machine()
        self.assertEqual(cold_reason(targets.target(), machine, 2), "")
        self.assertIn("only test", cold_reason(targets.target(), machine, 1))

    def test_what_the_builds_guests_have_not(self) -> None:
        without = targets.target(no_template="//s has kernel arguments")
        self.assertIn("//s has kernel arguments", cold_reason(without, _machine(), 1))
        larger = _machine(oversize="the guest has 384 MiB, and 500 are needed")
        self.assertIn("384 MiB", cold_reason(targets.target(template="t"), larger, 1))

    def test_guests_of_arm64_are_not_saved(self) -> None:
        machine = _machine()
        spec = replace(machine.spec, qemu=QemuTree(Path("/"), Arch.ARM64))
        reason = cold_reason(targets.target(), replace(machine, spec=spec), 2)
        self.assertEqual(reason, "guests of arm64 are not saved")

    def test_what_the_target_says(self) -> None:
        fresh = targets.target(template="t", fresh_boot=True)
        self.assertIn("fresh_boot", cold_reason(fresh, _machine(), 2))
        with_disk = _machine(disks=(_DISK,))
        self.assertIn(
            "disks of the target (slow)", cold_reason(targets.target(template="t"), with_disk, 2)
        )


class TemplatesTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.layer = self.root / "test.cpio"
        self.layer.write_bytes(b"layer")
        self.below = self.root / "scheduler.cpio"
        self.below.write_bytes(b"below")
        self.termination = self.enter_context(Termination())

    def templates(self, target: Target, tests: int = 2, oversize: str = "") -> Templates:
        machine = replace(_machine(self.root, oversize=oversize), layers=(self.below,))
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
        left = sorted(each.name for each in self.root.iterdir())
        self.assertEqual(left, ["scheduler.cpio", "test.cpio"])

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
        with self.below.open("wb") as file:
            file.truncate(mailbox.capacity() - 4)
        templates = self.templates(targets.target(template="t"))
        self.assertEqual(
            self.cold(templates),
            f"the test brings layers of {mailbox.capacity() + 1} bytes, and a clone's mailbox "
            f"takes {mailbox.capacity()}",
        )
        self.layer.write_bytes(b"less")
        self.assertIn("manifest.json", self.cold(templates))

    def test_a_clone_brings_all_that_was_not_saved_and_the_tests_own_last(self) -> None:
        template = Template("ab", "cd", Path("state"), ("m0",), Path("console"))
        saved = SavedTemplate(template, (), b"", 1.5)
        with mock.patch(
            "ktstr.machine.prepared.templates.save_guest", return_value=saved
        ) as save_guest:
            templates = self.templates(targets.target(template="t"), oversize="500 MiB are needed")
            start = templates.start(self.layer, 60.0)
        self.assertEqual((start.template, start.brings), (template, (self.below, self.layer)))
        self.assertIn("own first guest, saved after 1.50 s: 500 MiB are needed", start.reason)
        spec = save_guest.call_args.args[0]
        self.assertEqual([each.name for each in spec.initramfs], ["template.cpio"])

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
