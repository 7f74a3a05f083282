# SPDX-License-Identifier: Apache-2.0
"""What the build keeps of a machine whose guest could not be saved: only what is so for good."""

import contextlib
import io
import json
import os
from pathlib import Path
from unittest import mock

from absl.testing import absltest, parameterized

from ktstr.machine import template_main
from ktstr.machine.saving import UNUSABLE
from ktstr.model.codec import encode
from ktstr.model.errors import InfraError, KtstrError, UsageError
from ktstr.vm.command.shape import HostTooSmall
from ktstr.vm.saved.template import GuestRefused, TemplateError
from tests.support import targets


class TemplateMainTest(parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = Path(self.create_tempdir().full_path)
        self.output = self.root / "output"
        (self.root / "config.json").write_text(json.dumps(encode(targets.target())))

    def run_main(self, name: str, error: KtstrError) -> tuple[int, str]:
        """Exit status and messages of a build action where `name` of it fails."""
        said = io.StringIO()
        arguments = ["--config", str(self.root / "config.json"), "--output", str(self.output)]
        with (
            mock.patch.object(template_main, "become_subreaper"),
            mock.patch.object(template_main, "machine_files"),
            mock.patch.object(template_main, "qemu_of"),
            mock.patch.object(template_main, "machine_of"),
            mock.patch.object(template_main, "template_spec"),
            mock.patch.object(template_main, "save_guest"),
            mock.patch.object(template_main, name, side_effect=error),
            contextlib.redirect_stderr(said),
        ):
            return template_main.main(arguments), said.getvalue()

    @parameterized.parameters(
        ("machine_of", UsageError("the kernel has no CONFIG_SCHED_CLASS_EXT")),
        ("save_guest", GuestRefused("the guest panicked and was to be parked")),
    )
    def test_what_the_machine_is_to_blame_for_is_kept(self, name: str, error: KtstrError) -> None:
        status, said = self.run_main(name, error)
        self.assertEqual(status, 0)
        self.assertIn(f"will boot cold: {error}", said)
        self.assertEqual(os.listdir(self.output), [UNUSABLE])
        self.assertEqual((self.output / UNUSABLE).read_text(), f"{error}\n")

    @parameterized.parameters(
        ("machine_of", HostTooSmall("memory of 256 MiB asked for, 9 MiB are available"), ""),
        ("save_guest", TemplateError("boot: not reached within 60.0 s"), "fresh_boot = True"),
        ("save_guest", InfraError("SIGTERM while a guest was booted"), ""),
        ("template_spec", InfraError("cannot write template.cpio: No space left"), ""),
        ("write_artifact", TemplateError("cannot write the template: No space left"), ""),
    )
    def test_a_trouble_of_the_host_fails_the_action(
        self, name: str, error: KtstrError, remedy: str
    ) -> None:
        status, said = self.run_main(name, error)
        self.assertEqual(status, 1)
        self.assertIn(str(error), said)
        self.assertIn(remedy, said)
        self.assertFalse((self.output / UNUSABLE).exists())


if __name__ == "__main__":
    absltest.main()
