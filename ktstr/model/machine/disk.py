# SPDX-License-Identifier: Apache-2.0
"""Disks of a test: what the target declares, and what the guest is promised."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOUNTS = "/mnt"
# The PCI slots that a machine has for disks, with some to spare.
MAX_DISKS = 16
# VIRTIO_BLK_ID_BYTES of include/uapi/linux/virtio_blk.h
SERIAL_CHARACTERS = 20
# Where a guest finds the images of the disks that it keeps in its own memory.
IMAGES_DIR = "/ktstr/disks"


class Filesystem(StrEnum):
    """What a disk template is formatted with; RAW is not formatted and never mounted."""

    BTRFS = "btrfs"
    EXT4 = "ext4"
    XFS = "xfs"
    RAW = "raw"


# statfs.f_type of include/uapi/linux/magic.h
MAGIC = {
    Filesystem.BTRFS: 0x9123683E,
    Filesystem.EXT4: 0xEF53,
    Filesystem.XFS: 0x58465342,
}


@dataclass(frozen=True)
class Throttle:
    """Limits that QEMU keeps a disk to; 0 is no limit.  Bursts go with their limit only."""

    iops: int = 0
    bytes_per_s: int = 0
    iops_burst: int = 0
    bytes_burst: int = 0


@dataclass(frozen=True)
class Disk:
    """One disk as the guest is promised it.

    name: `disk<index>` unless the target names it.  serial: what the guest finds it by (at most 20
    characters, virtio-blk's limit).  mount_point: empty where it is not to be mounted.
    in_memory: the guest keeps it in its own memory, from the image of that serial in IMAGES_DIR.
    """

    index: int
    name: str
    serial: str
    filesystem: Filesystem
    size_bytes: int
    read_only: bool
    mount_point: str
    throttle: Throttle = Throttle()
    in_memory: bool = False
