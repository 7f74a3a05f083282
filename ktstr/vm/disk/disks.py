# SPDX-License-Identifier: Apache-2.0
"""Disks of a machine as QEMU arguments, and what QEMU can hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from ktstr.model.errors import UsageError
from ktstr.model.machine.disk import MAX_DISKS, SERIAL_CHARACTERS, Throttle

# What QEMU names a limit in a throttle-group's `limits`, by the field of Throttle.
_LIMITS = {
    "iops": "iops-total",
    "bytes_per_s": "bps-total",
    "iops_burst": "iops-total-max",
    "bytes_burst": "bps-total-max",
}
# util/throttle.c refuses limits and bursts above this (THROTTLE_VALUE_MAX).
_MOST = 10**15


class ImageFormat(StrEnum):
    """How QEMU reads an image."""

    QCOW2 = "qcow2"
    RAW = "raw"


@dataclass(frozen=True)
class DiskSpec:
    """A virtio-blk disk of a machine: a template (qcow2) that no run writes to, and its limits.

    name: for messages.  serial: at most SERIAL_CHARACTERS, what the guest finds the disk by.
    """

    name: str
    serial: str
    template: Path
    size_bytes: int
    read_only: bool = False
    throttle: Throttle = field(default_factory=Throttle)


@dataclass(frozen=True)
class Image:
    """Where QEMU finds a disk's content: a path, perhaps below /proc/self/fd.

    backing: the qcow2 that an overlay stands on; None for an image that stands alone.
    """

    path: str
    format: ImageFormat
    backing: str | None = None


def check_disks(disks: Sequence[DiskSpec]) -> None:
    """Raises UsageError for more disks than the machine has slots, or what QEMU would refuse."""
    if len(disks) > MAX_DISKS:
        raise UsageError(f"{len(disks)} disks asked for; a machine takes {MAX_DISKS}")
    for what, values in (
        ("name", [disk.name for disk in disks]),
        ("serial number", [disk.serial for disk in disks]),
    ):
        for value in values:
            if values.count(value) > 1:
                raise UsageError(f"two disks have the {what} {value!r}; each needs its own")
    for disk in disks:
        if not 0 < len(disk.serial) <= SERIAL_CHARACTERS or not disk.serial.isascii():
            raise UsageError(
                f"disk {disk.name}: serial number {disk.serial!r} has {len(disk.serial)} "
                f"characters; virtio-blk takes 1 to {SERIAL_CHARACTERS} of ASCII"
            )
        check_throttle(disk.name, disk.throttle)


def check_throttle(name: str, throttle: Throttle) -> None:
    """Raises UsageError for limits that QEMU would refuse, or that would not bite."""
    for limit, burst in (("iops", "iops_burst"), ("bytes_per_s", "bytes_burst")):
        most, least = getattr(throttle, burst), getattr(throttle, limit)
        for what, value in ((limit, least), (burst, most)):
            if not 0 <= value <= _MOST:
                raise UsageError(
                    f"disk {name}: {what} of {value}; QEMU takes 1 to {_MOST}, and 0 is no limit"
                )
        if most and not least:
            raise UsageError(f"disk {name}: {burst} of {most} without {limit}: set both")
        if most and most < least:
            raise UsageError(
                f"disk {name}: {burst} of {most} is below its {limit} of {least}; a burst is the "
                f"rate allowed for a second, so give at least the limit, or leave it out"
            )


def limits_of(throttle: Throttle) -> dict[str, int]:
    """The `limits` of QEMU's throttle-group; empty where there are none."""
    values = {name: getattr(throttle, field) for field, name in _LIMITS.items()}
    return {name: value for name, value in values.items() if value}


def qemu_arguments(disks: Sequence[DiskSpec], images: Sequence[Image]) -> tuple[str, ...]:
    """The -blockdev, -object and -device arguments; one image per disk.

    The guest's flushes end in the host's page cache (cache.no-flush): a clone is thrown away with
    its run.  What the host cannot do is an I/O error in the guest (werror=report), never a pause.

    Raises:
      ValueError: not one image per disk.
    """
    arguments: list[str] = []
    for index, (disk, image) in enumerate(zip(disks, images, strict=True)):
        node = node_of(index)
        arguments += _blockdev(_image(disk, image, node))
        limits = limits_of(disk.throttle)
        if limits:
            group = {"qom-type": "throttle-group", "id": group_of(index), "limits": limits}
            throttled: dict[str, Any] = {"driver": "throttle", "file": node}
            throttled["node-name"] = f"{node}.throttled"
            # else QEMU would want to write through it, and refuse a disk that is only read
            throttled |= {"throttle-group": group_of(index), "read-only": disk.read_only}
            arguments += ["-object", _json(group)]
            arguments += _blockdev(throttled)
            node = f"{node}.throttled"
        device = {
            "driver": "virtio-blk-pci",
            "drive": node,
            "serial": disk.serial,
            "werror": "report",
            "rerror": "report",
        }
        arguments += ["-device", _json(device)]
    return tuple(arguments)


def node_of(index: int) -> str:
    """The node-name of a disk's image; that of what stands above it begins with it and a dot."""
    return f"disk{index}"


def group_of(index: int) -> str:
    """The id of a disk's throttle-group, which QMP knows below /objects."""
    return f"{node_of(index)}.limits"


def _image(disk: DiskSpec, image: Image, node: str) -> dict[str, Any]:
    described = _node(image.path, image.format, node, read_only=disk.read_only)
    if image.backing is not None:
        backing = _node(image.backing, ImageFormat.QCOW2, f"{node}.template", read_only=True)
        described["backing"] = backing
    return described


def _node(path: str, image_format: ImageFormat, name: str, *, read_only: bool) -> dict[str, Any]:
    file = {"driver": "file", "filename": path, "node-name": f"{name}.file"}
    shared = {"read-only": read_only, "cache": {"no-flush": True}, "discard": "unmap"}
    return {"driver": image_format.value, "node-name": name, "file": file | shared} | shared


def _blockdev(described: dict[str, Any]) -> list[str]:
    return ["-blockdev", _json(described)]


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
