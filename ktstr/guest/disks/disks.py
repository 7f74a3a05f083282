# SPDX-License-Identifier: Apache-2.0
"""The disks of a test: found by their serial numbers, mounted, reported, and unmounted again."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from typing import TYPE_CHECKING

from ktstr.guest.disks import filesystem, loop_device
from ktstr.guest.system.sched_ext import KernelLog, Uevents
from ktstr.model.errors import KtstrError
from ktstr.model.facts import DiskFacts, Event
from ktstr.model.machine.disk import Disk, Filesystem
from ktstr.model.wire.events import EventName

if TYPE_CHECKING:
    from ktstr.guest.system.port import FramePort
    from ktstr.guest.system.reactor import Reactor

_BLOCK = "/sys/block"
_SECTOR = 512
_NS = 1_000_000_000
# What each file system is mounted with. XFS refuses a second file system of one UUID, and two disks
# of one template have the same; ext4 does not care, btrfs gives the later one a temporary UUID.
_OPTIONS = {Filesystem.BTRFS: "", Filesystem.EXT4: "", Filesystem.XFS: "nouuid"}


class Disks:
    """The disks of a plan, from before its body to the guest's end; `found` is what was seen."""

    def __init__(
        self, disks: tuple[Disk, ...], reactor: Reactor, port: FramePort, wait_s: float
    ) -> None:
        """`wait_s`: seconds of guest time that their devices may take to appear, all together."""
        self._disks, self._reactor, self._port = disks, reactor, port
        self._wait_s = wait_s
        self._mounted: list[Disk] = []
        self.found: tuple[DiskFacts, ...] = ()

    def ready(self) -> bool:
        """Finds and mounts all, and reports each; returns whether all are as the plan has them."""
        deadline_ns = time.monotonic_ns() + int(self._wait_s * _NS)
        self.found = tuple(self._prepare(disk, deadline_ns) for disk in self._disks)
        for fact in self.found:
            self._port.emit(fact)
        return not any(fact.error for fact in self.found)

    def finish(self) -> None:
        """Unmounts all, last mounted first; one that is in use is left, and an event says so."""
        while self._mounted:
            disk = self._mounted.pop()
            try:
                filesystem.unmount(disk.mount_point)
            except OSError as error:
                if error.errno == errno.EINVAL:
                    continue  # no mount point any more: the test has unmounted it itself
                now = time.monotonic_ns()
                self._port.emit(
                    Event(now, EventName.DISK_BUSY, None, f"{disk.name}: {error.strerror}")
                )
                with contextlib.suppress(OSError):
                    filesystem.unmount(disk.mount_point, filesystem.MNT_DETACH)

    def _prepare(self, disk: Disk, deadline_ns: int) -> DiskFacts:
        log, device, error = KernelLog(), "", ""
        try:
            device = self._device(disk, deadline_ns)
            if not device:
                error = (
                    f"no device with serial number {disk.serial!r} after {self._wait_s:g} s of "
                    f"guest time; there are {_describe_devices()}"
                )
            elif disk.mount_point:
                self._mount(disk, device)
        except (KtstrError, OSError) as failure:
            error = _explained(disk, device, failure, log)
        finally:
            log.close()
        return _facts(disk, device, error)

    def _device(self, disk: Disk, deadline_ns: int) -> str:
        """The device's path; empty if the deadline passes before it appears."""
        if disk.in_memory:
            return loop_device.attach(disk)
        uevents = Uevents()  # before the first look, so that nothing is missed
        self._reactor.watch(uevents.descriptor, uevents.drain)
        try:
            self._reactor.wait(deadline_ns, lambda: bool(device_of(disk.serial)))
        finally:
            self._reactor.forget(uevents.descriptor)
            uevents.close()
        return device_of(disk.serial)

    def _mount(self, disk: Disk, device: str) -> None:
        # a disk that is throttled to nothing keeps the kernel here: the last event then names it
        self._port.emit(Event(time.monotonic_ns(), EventName.DISK_MOUNT, None, disk.name))
        os.makedirs(disk.mount_point, exist_ok=True)
        flags = filesystem.MS_RDONLY if disk.read_only else 0
        filesystem.mount(
            device, disk.mount_point, disk.filesystem.value, flags, _OPTIONS[disk.filesystem]
        )
        self._mounted.append(disk)


def device_of(serial: str) -> str:
    """The path of the block device with this serial number; empty if there is none (yet)."""
    for name in _names():
        device = f"/dev/{name}"
        if _read(name, "serial") == serial and os.path.exists(device):
            return device
    return ""


def _facts(disk: Disk, device: str, error: str) -> DiskFacts:
    name = os.path.basename(device)
    mounted = bool(device and disk.mount_point and not error)
    return DiskFacts(
        name=disk.name,
        serial=disk.serial,
        device=device,
        size_bytes=int(_read(name, "size") or 0) * _SECTOR if name else 0,
        read_only=_read(name, "ro") == "1" if name else False,
        mount_point=disk.mount_point if mounted else "",
        magic=filesystem.magic_of(disk.mount_point) if mounted else 0,
        error=error,
    )


def _explained(disk: Disk, device: str, failure: Exception, log: KernelLog) -> str:
    if not isinstance(failure, OSError):
        return str(failure)
    reason = failure.strerror or str(failure)
    if not device:
        if failure.errno in (errno.ENOMEM, errno.ENOSPC):
            reason += "; give the target more memory or a smaller disk"
        return f"cannot make a disk in the guest's memory: {reason}"
    said = "; ".join(line for line in log.lines() if line)
    return (
        f"cannot mount {device} as {disk.filesystem.value} on {disk.mount_point}: {reason}; "
        f"the kernel's log: {said or 'nothing'}"
    )


def _describe_devices() -> str:
    found = [f"{name} ({_read(name, 'serial') or 'no serial number'})" for name in _names()]
    return ", ".join(found) or "no block devices"


def _names() -> list[str]:
    try:
        return sorted(os.listdir(_BLOCK))
    except FileNotFoundError:
        return []


def _read(name: str, attribute: str) -> str:
    try:
        with open(f"{_BLOCK}/{name}/{attribute}", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
