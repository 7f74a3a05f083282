# SPDX-License-Identifier: Apache-2.0
"""The disks of a target, ready for its tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ktstr.host.disk_clone import DiskClone
from ktstr.machine.disks import PlannedDisk
from ktstr.model.machine.disk import Disk
from ktstr.vm.disk.clones import Cloner
from ktstr.vm.disk.disks import DiskSpec


@dataclass(frozen=True)
class TargetDisks:
    """What all tests of a target share of its disks.

    specs: those that QEMU gives the machine.  layer: the images of the others, which the guest
    keeps in its own memory; in_memory: how these were made.  cloner: makes each test its own.
    """

    planned: tuple[PlannedDisk, ...] = ()
    specs: tuple[DiskSpec, ...] = ()
    layer: Path | None = None
    in_memory: tuple[DiskClone, ...] = ()
    cloner: Cloner = field(default_factory=Cloner)

    @property
    def disks(self) -> tuple[Disk, ...]:
        """What the guest is promised, in the target's order."""
        return tuple(each.disk for each in self.planned)

    @property
    def memory_mib(self) -> int:
        """Memory that the guest needs for the disks it keeps there."""
        return sum(disk.size_bytes for disk in self.disks if disk.in_memory) >> 20

    def facts(self, clones: tuple[DiskClone, ...]) -> tuple[DiskClone, ...]:
        """The record of a run's clones, of which `clones` are QEMU's, in the target's order."""
        made = {clone.name: clone for clone in (*clones, *self.in_memory)}
        return tuple(
            replace(made[each.disk.name], varies=each.varies)
            for each in self.planned
            if each.disk.name in made
        )
