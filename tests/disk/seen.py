# SPDX-License-Identifier: Apache-2.0
"""What a guest sees of its disks, whether they are QEMU's or in its own memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr import test
from ktstr.model.errors import UsageError

if TYPE_CHECKING:
    from ktstr import Context

_SECTOR = 512
_TEXT = b"what a disk must keep"


@test(timeout=30)
def twins_are_apart(ctx: Context) -> None:
    """Two disks of one template have one UUID: both are mounted, and neither sees the other."""
    for filesystem in ("btrfs", "ext4", "xfs"):
        one, other = (ctx.disk(f"{filesystem}-{which}") for which in ("a", "b"))
        assert one.device != other.device, one
        Path(one.mount_point, "mine").write_bytes(_TEXT)
        os.sync()
        assert not Path(other.mount_point, "mine").exists(), other


@test(timeout=30)
def raw_is_a_device(ctx: Context) -> None:
    """An unformatted disk is zero from end to end, as large as promised, and keeps what it gets."""
    disk = ctx.disk("raw")
    assert disk.mount_point == "" and disk.magic == 0, disk
    ctx.note("device", disk.device)
    device = os.open(disk.device, os.O_RDWR)
    size = os.lseek(device, 0, os.SEEK_END)
    assert size == disk.size_bytes == 256 << 20, (size, disk)
    for offset in (0, size - _SECTOR):
        assert os.pread(device, _SECTOR, offset) == bytes(_SECTOR), offset
    last = size - len(_TEXT)
    os.pwrite(device, _TEXT, last)
    os.fsync(device)
    os.posix_fadvise(device, 0, 0, os.POSIX_FADV_DONTNEED)
    assert os.pread(device, len(_TEXT), last) == _TEXT
    os.close(device)


@test(timeout=30)
def read_only_is_read_only(ctx: Context) -> None:
    """The device itself refuses, whoever asks."""
    disk = ctx.disk("sealed")
    assert disk.read_only, disk
    try:
        device = os.open(disk.device, os.O_WRONLY)
        os.pwrite(device, _TEXT, 0)
    except PermissionError:
        pass
    else:
        raise AssertionError(f"{disk.device} was written to")


@test(timeout=30)
def unknown_disks_are_named(ctx: Context) -> None:
    """A wrong name is told with the right ones."""
    try:
        ctx.disk("nowhere")
    except UsageError as error:
        assert "no disk 'nowhere': the target has btrfs-a, btrfs-b" in str(error), error
    else:
        raise AssertionError("a disk called nowhere")
