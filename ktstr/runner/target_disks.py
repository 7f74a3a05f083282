# SPDX-License-Identifier: Apache-2.0
"""Makes the disks of a target ready for its tests."""

from __future__ import annotations

from pathlib import Path

from ktstr.model.accel import Accel
from ktstr.model.target import Target
from ktstr.runner.disk_layer import write_disk_layer
from ktstr.runner.disk_set import TargetDisks
from ktstr.runner.disks import PlannedDisk, planned_disks, specs_of
from ktstr.runner.files import FileTree
from ktstr.runner.reflinks import Reflinks
from ktstr.runner.store_use import StoreUse
from ktstr.store.key import Key, parse_key
from ktstr.vm.clones import Cloner
from ktstr.vm.qemu import QemuTree


def prepare_disks(
    target: Target, tree: FileTree, qemu: QemuTree, accel: Accel, layer: Path, use: StoreUse
) -> TargetDisks:
    """Decides where each disk lives, and writes `layer` if any lives in the guest's memory.

    `use` is told why disks are not cloned from the host's store.

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
        cloner=Cloner(use.noting(Reflinks(qemu, _keys(planned, tree)).clone)),
    )


def _keys(planned: tuple[PlannedDisk, ...], tree: FileTree) -> dict[str, Key]:
    return {
        each.disk.name: parse_key(tree.path(each.files.key_file).read_text(encoding="ascii"))
        for each in planned
    }
