# SPDX-License-Identifier: Apache-2.0
"""The accelerator probe, with its real guest: TCG runs it, and KVM is told apart in words."""

import tempfile
from pathlib import Path

from absl import flags
from absl.testing import absltest

from ktstr.host.accel import Accel
from ktstr.vm.kvm.probe import kvm_verdict, probe
from ktstr.vm.qemu import QemuTree

_QEMU = flags.DEFINE_string("qemu", None, "The QEMU tree.", required=True)
_GUEST = flags.DEFINE_string("guest", None, "The probe's guest.", required=True)


class ProbeTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.qemu = QemuTree.at(Path(_QEMU.value))

    def test_guest_passes_where_kernel_code_runs(self) -> None:
        verdict = probe(self.qemu, Path(_GUEST.value), Accel.TCG, deadline_s=60)
        self.assertTrue(verdict.usable, verdict.words)
        self.assertRegex(verdict.words, "ran kernel code in")

    def test_deadline_names_the_stage(self) -> None:
        verdict = probe(self.qemu, Path(_GUEST.value), Accel.TCG, deadline_s=0)
        self.assertFalse(verdict.usable)
        self.assertEqual(
            verdict.words, "a test guest stopped at entering the guest and did not go on within 0 s"
        )

    def test_what_is_no_guest_is_told_in_qemus_words(self) -> None:
        with tempfile.NamedTemporaryFile() as empty:
            verdict = probe(self.qemu, Path(empty.name), Accel.TCG, deadline_s=60)
        self.assertFalse(verdict.usable)
        self.assertRegex(verdict.words, "^QEMU ended with status 1: .*kernel")

    def test_kvm_verdict_is_given_in_words_and_remembered(self) -> None:
        guest = Path(_GUEST.value)
        first, second = kvm_verdict(self.qemu, guest), kvm_verdict(self.qemu, guest)
        self.assertNotEmpty(first.words)
        self.assertEqual((first.usable, first.words), (second.usable, second.words))
        if first.usable:
            self.assertTrue(probe(self.qemu, Path(_GUEST.value), Accel.KVM).usable)


if __name__ == "__main__":
    absltest.main()
