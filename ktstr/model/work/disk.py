# SPDX-License-Identifier: Apache-2.0
"""Whether workers can do their I/O on a test's disks."""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import Disk
from ktstr.model.work.kind import DiskWork, WorkType


def check_disk_work(work: WorkType, disks: tuple[Disk, ...]) -> None:
    """Refuses I/O on a disk that is not there, or that cannot take it.

    Reading goes to the device itself, so any disk will do; writing needs a mounted file system.

    Raises:
        UsageError: naming the disk, what it lacks, and the disks that would do.
    """
    if not isinstance(work, DiskWork):
        return
    name, writes = type(work).__name__, work.writes
    fit = [disk for disk in disks if not writes or not _why_not_written(disk)]
    there = f"disks of this test it could use: {', '.join(disk.name for disk in fit) or 'none'}"
    found = next((disk for disk in disks if disk.name == work.disk), None)
    if found is None:
        all_of_them = ", ".join(disk.name for disk in disks) or "none"
        raise UsageError(
            f"{name}: there is no disk {work.disk!r}; disks of this test: {all_of_them} (the "
            f"target's `disks` attribute)"
        )
    if writes and _why_not_written(found):
        raise UsageError(f"{name}: disk {work.disk!r} {_why_not_written(found)}; {there}")
    if work.block_kb * 1024 > found.size_bytes:
        raise UsageError(
            f"{name}: a block of {work.block_kb} KiB is larger than disk {work.disk!r} "
            f"({found.size_bytes} bytes)"
        )


def _why_not_written(disk: Disk) -> str:
    if disk.read_only:
        return "is read-only"
    return "" if disk.mount_point else "is not mounted"
