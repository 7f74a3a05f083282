# SPDX-License-Identifier: Apache-2.0
"""A disk that lives in the guest's own memory: a loop device over a file without a name.

Its I/O is done by a kernel worker, so whoever waits for it sleeps and is woken as with any disk,
and nothing of it comes from outside the guest (docs/design.md, "Disks").
"""

from __future__ import annotations

import fcntl
import json
import os
import struct

from ktstr.model.errors import InfraError
from ktstr.model.machine.disk import IMAGES_DIR, Disk

_CONTROL = "/dev/loop-control"
# include/uapi/linux/loop.h
_LOOP_CONFIGURE = 0x4C0A
_LOOP_CTL_GET_FREE = 0x4C82
_LO_FLAGS_READ_ONLY = 1
# struct loop_config: fd, block size, then struct loop_info64 up to lo_flags, lo_file_name, the rest
_CONFIG = struct.Struct("=II5Q3II64s112s64s")
_BLOCK = 512


def attach(disk: Disk) -> str:
    """Makes the disk of its image; returns the device's path.

    The image is as the runner lays it out: `<serial>.json` lists (offset, length) of what the disk
    holds, `<serial>.data` has the bytes one after another.  Everything else is zero.

    Raises:
        InfraError: the image is missing or damaged.
        OSError: the kernel refused, e.g. for want of memory.
    """
    memory = os.memfd_create(f"ktstr-{disk.serial}", os.MFD_CLOEXEC)
    try:
        os.truncate(memory, disk.size_bytes)
        _fill(memory, disk)
        return _configure(memory, disk)
    finally:
        os.close(memory)  # the loop device holds it


def _fill(memory: int, disk: Disk) -> None:
    base = f"{IMAGES_DIR}/{disk.serial}"
    try:
        with open(f"{base}.json", encoding="utf-8") as file:
            extents = json.load(file)
        data = os.open(f"{base}.data", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise InfraError(f"the image of disk {disk.name} is not in the guest: {error}") from error
    try:
        for offset, length in extents:
            os.lseek(memory, offset, os.SEEK_SET)
            left = length
            while left > 0:
                sent = os.sendfile(memory, data, None, left)
                if not sent:
                    raise InfraError(f"the image of disk {disk.name} is cut short: {base}.data")
                left -= sent
    finally:
        os.close(data)
    os.unlink(f"{base}.data")  # it takes memory, and is of no more use


def _configure(memory: int, disk: Disk) -> str:
    control = os.open(_CONTROL, os.O_RDWR | os.O_CLOEXEC)
    try:
        path = f"/dev/loop{fcntl.ioctl(control, _LOOP_CTL_GET_FREE)}"
    finally:
        os.close(control)
    flags = _LO_FLAGS_READ_ONLY if disk.read_only else 0
    name = disk.serial.encode()
    config = _CONFIG.pack(memory, _BLOCK, 0, 0, 0, 0, 0, 0, 0, 0, flags, name, b"", b"")
    loop = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(loop, _LOOP_CONFIGURE, config)
    finally:
        os.close(loop)
    return path
