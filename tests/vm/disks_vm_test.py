# SPDX-License-Identifier: Apache-2.0
"""A machine with disks: what QEMU holds, as it says itself, and what is left of the clones."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from absl.testing import absltest

from ktstr.host.disk_clone import DiskBackend
from ktstr.model.machine.disk import Throttle
from ktstr.vm.command.machine import MachineSpec
from ktstr.vm.disk import overlay
from ktstr.vm.disk.disks import DiskSpec, group_of, limits_of, node_of
from tests.vm import guests

_SIZE = 64 << 20
_THROTTLE = Throttle(iops=100, iops_burst=400, bytes_per_s=1 << 20, bytes_burst=4 << 20)


class DisksTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.template = Path(self.create_tempdir().full_path, "te,mplate='1'.qcow2")
        fd = os.open(self.template, os.O_RDWR | os.O_CREAT, 0o444)
        overlay.write_empty(fd, _SIZE)
        os.close(fd)

    def machine(self, *arguments: str) -> MachineSpec:
        """Three disks: one is only read, one is throttled, one is both."""
        disks = (
            DiskSpec("fixed", "ktstr-fixed", self.template, _SIZE, read_only=True),
            DiskSpec("slow", "ktstr-slow", self.template, _SIZE, throttle=_THROTTLE),
            DiskSpec(
                "both", "ktstr-both", self.template, _SIZE, read_only=True, throttle=_THROTTLE
            ),
        )
        return replace(guests.spec(*arguments), disks=disks)

    def test_qemu_holds_each_disk_as_it_was_asked_for(self) -> None:
        with guests.started(self.machine("trouble=none")) as vm:
            blocks = [each["inserted"] for each in vm.ask("query-block")]
            limits = vm.ask("qom-get", path=f"/objects/{group_of(1)}", property="limits")
            clones = vm.disk_clones
            left = [path.suffix for path in vm.files.root.iterdir()]
        fixed, slow, both = blocks
        self.assertEqual((fixed["ro"], slow["ro"], both["ro"]), (True, False, True))
        self.assertEqual(fixed["node-name"], node_of(0))
        self.assertEqual(fixed["file"], str(self.template))
        self.assertEqual(slow["node-name"], f"{node_of(1)}.throttled")
        self.assertEqual(both["node-name"], f"{node_of(2)}.throttled")
        # those that QEMU adds are zero, or lengths of one second
        wanted = limits_of(_THROTTLE)
        self.assertEqual({name: limits[name] for name in wanted}, wanted)
        self.assertEqual(_rest(limits, wanted), {0, 1})
        self.assertEqual(
            [clone.backend for clone in clones],
            [DiskBackend.READ_ONLY, DiskBackend.QCOW2_OVERLAY, DiskBackend.READ_ONLY],
        )
        self.assertNotIn(".qcow2", left)

    def test_command_file_boots_the_same_machine(self) -> None:
        done = guests.run_command_file(self.machine("trouble=none"))
        self.assertIn("trouble: over", done.stdout, done.stderr)


def _rest(limits: dict[str, Any], wanted: dict[str, int]) -> set[int]:
    return {int(value) for name, value in limits.items() if name not in wanted}


if __name__ == "__main__":
    absltest.main()
