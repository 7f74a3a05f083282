# SPDX-License-Identifier: Apache-2.0
"""The disks of a target, ready for its tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.model.accel import Accel
from ktstr.model.disk import Disk
from ktstr.model.host import DiskClone
from ktstr.model.target import Target
from ktstr.runner.disk_layer import write_disk_layer
from ktstr.runner.disks import PlannedDisk, planned_disks, specs_of
from ktstr.runner.files import FileTree
from ktstr.runner.reflinks import Reflinks
from ktstr.store.key import Key, parse_key
from ktstr.vm.clones import Cloner
from ktstr.vm.disks import DiskSpec
from ktstr.vm.qemu import QemuTree


@dataclass(frozen=True)
class TargetDisks:
    """What all tests of a target share of its disks.

    specs: those that QEMU gives the machine.  layer: the images of the others, which the guest
    keeps in its own memory; in_memory: how these were made.  cloner: makes each test its own.
    """

    planned: tuple[PlannedDisk, ...]
    specs: tuple[DiskSpec, ...]
    layer: Path | None
    in_memory: tuple[DiskClone, ...]
    cloner: Cloner

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


def prepare_disks(
    target: Target, tree: FileTree, qemu: QemuTree, accel: Accel, layer: Path
) -> TargetDisks:
    """Decides where each disk lives, and writes `layer` if any lives in the guest's memory.

    Raises:
        UsageError: two disks of one name, or more than a machine takes.
        InfraError: a template is missing or damaged, or the disk is full.
    """
    planned = planned_disks(target, accel)
    within = [each for each in planned if each.disk.in_memory]
    return TargetDisks(
        planned=planned,
        specs=specs_of(planned, tree),
        layer=layer if within else None,
        in_memory=write_disk_layer(within, tree, qemu, layer) if within else (),
        cloner=Cloner(Reflinks(qemu, _keys(planned, tree)).clone),
    )


def _keys(planned: tuple[PlannedDisk, ...], tree: FileTree) -> dict[str, Key]:
    return {
        each.disk.name: parse_key(tree.path(each.files.key_file).read_text(encoding="ascii"))
        for each in planned
    }
