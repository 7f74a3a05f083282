# SPDX-License-Identifier: Apache-2.0
"""A target's disks become what the guest is promised, and where each of them is to live."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.host.accel import Accel
from ktstr.machine.located import MachineFiles
from ktstr.machine.target import DiskFiles, Target
from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import MOUNTS, Disk, Filesystem, Throttle
from ktstr.vm.disk.disks import DiskSpec, check_disks

# What a guest keeps in its own memory at most, all its disks together.
MEMORY_LIMIT_MIB = 1024
_VARIES = "in virtual time its I/O ends when the host has done it, so runs may differ"


@dataclass(frozen=True)
class PlannedDisk:
    """One disk of a target under an accelerator.

    varies: why two runs in virtual time may differ because of it; empty where they may not.
    """

    disk: Disk
    files: DiskFiles
    varies: str = ""


def planned_disks(target: Target, accel: Accel) -> tuple[PlannedDisk, ...]:
    """The target's disks in their order.

    In virtual time a disk of QEMU's ends its I/O at a time of the host's choosing.  So the guest
    keeps its disks in its own memory there, unless one is throttled, which only QEMU can do, or
    they are too large together: these stay with QEMU and say why they vary.

    Raises:
        UsageError: two disks of one name.
    """
    disks = [_disk(files, index) for index, files in enumerate(target.disks)]
    names = [disk.name for disk in disks]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"{target.label}: two disks are called {name!r}; a disk without a name is called "
                f"disk0, disk1 and so on by its place: give each its own `name`"
            )
    planned, left = [], MEMORY_LIMIT_MIB
    for disk, files in zip(disks, target.disks, strict=True):
        reason = "" if accel is not Accel.VIRTUAL else _why_not_in_memory(files, left)
        in_memory = accel is Accel.VIRTUAL and not reason
        if in_memory:
            left -= files.size_mb
        placed = _disk(files, disk.index, in_memory=in_memory)
        planned.append(PlannedDisk(placed, files, f"{_VARIES}: {reason}" if reason else ""))
    return tuple(planned)


def specs_of(planned: tuple[PlannedDisk, ...], files: MachineFiles) -> tuple[DiskSpec, ...]:
    """The disks that QEMU gives the machine.

    Raises:
        UsageError: QEMU cannot hold them.
    """
    specs = tuple(
        DiskSpec(
            name=each.disk.name,
            serial=each.disk.serial,
            template=files.disks[each.disk.index].template,
            size_bytes=each.disk.size_bytes,
            read_only=each.disk.read_only,
            throttle=each.disk.throttle,
        )
        for each in planned
        if not each.disk.in_memory
    )
    check_disks(specs)
    return specs


def _disk(files: DiskFiles, index: int, *, in_memory: bool = False) -> Disk:
    name = files.name or f"disk{index}"
    mounted = files.auto_mount and files.filesystem is not Filesystem.RAW
    return Disk(
        index=index,
        name=name,
        serial=name,
        filesystem=files.filesystem,
        size_bytes=files.size_mb << 20,
        read_only=files.read_only,
        mount_point=f"{MOUNTS}/{name}" if mounted else "",
        throttle=files.throttle,
        in_memory=in_memory,
    )


def _why_not_in_memory(files: DiskFiles, left_mib: int) -> str:
    if files.throttle != Throttle():
        return "it is throttled, which only a disk of QEMU can be"
    if files.size_mb > left_mib:
        return (
            f"its {files.size_mb} MiB are more than is left of the {MEMORY_LIMIT_MIB} MiB that a "
            f"guest keeps in its memory ({left_mib} MiB)"
        )
    return ""
