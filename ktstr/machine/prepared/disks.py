# SPDX-License-Identifier: Apache-2.0
"""Makes the disks of a target ready for its tests."""

from __future__ import annotations

from pathlib import Path

from ktstr.host.accel import Accel
from ktstr.machine.disks import PlannedDisk, planned_disks, specs_of
from ktstr.machine.located import MachineFiles
from ktstr.machine.prepared.disk_layer import write_disk_layer
from ktstr.machine.prepared.reflinks import Reflinks
from ktstr.machine.prepared.store_use import StoreUse
from ktstr.machine.target import Target
from ktstr.machine.target_disks import TargetDisks
from ktstr.store.key import Key, parse_key
from ktstr.vm.disk.clones import Cloner
from ktstr.vm.qemu import QemuTree


def prepare_disks(
    target: Target, files: MachineFiles, qemu: QemuTree, accel: Accel, layer: Path, use: StoreUse
) -> TargetDisks:
    """Decides where each disk lives, and writes `layer` if any lives in the guest's memory.

    `use` is told why disks are not cloned from the host's store.

    Raises:
        UsageError: two disks of one name, or more than a machine takes.
        InfraError: a template is damaged, or the disk is full.
    """
    planned = planned_disks(target, accel)
    within = [each for each in planned if each.disk.in_memory]
    return TargetDisks(
        planned=planned,
        specs=specs_of(planned, files),
        layer=layer if within else None,
        in_memory=write_disk_layer(within, files, qemu, layer) if within else (),
        cloner=Cloner(use.noting(Reflinks(qemu, _keys(planned, files)).clone)),
    )


def _keys(planned: tuple[PlannedDisk, ...], files: MachineFiles) -> dict[str, Key]:
    return {
        each.disk.name: parse_key(files.disks[each.disk.index].key_file.read_text(encoding="ascii"))
        for each in planned
    }
