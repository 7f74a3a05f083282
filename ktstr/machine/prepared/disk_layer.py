# SPDX-License-Identifier: Apache-2.0
"""The initramfs layer with the images of the disks that a guest keeps in its own memory."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.host.disk_clone import DiskBackend, DiskClone
from ktstr.initramfs import newc
from ktstr.machine.disks import PlannedDisk
from ktstr.machine.located import MachineFiles
from ktstr.machine.output import write_atomically
from ktstr.model.errors import InfraError
from ktstr.model.machine.disk import IMAGES_DIR, Disk
from ktstr.vm.disk.clones import run_qemu_img
from ktstr.vm.qemu import QemuTree

_PAGE = 4096
_ZEROES = bytes(_PAGE)
_REASON = (
    "in virtual time a disk in the guest's own memory keeps runs identical; its image was prepared "
    "once for all tests of the target"
)


@dataclass(frozen=True)
class _Image:
    """What of a template is not zero: (offset, length) of each part, and their bytes in a row."""

    extents: tuple[tuple[int, int], ...]
    data: bytes

    def entries(self, disk: Disk) -> list[newc.Entry]:
        """The files of `disk`."""
        where = f"{IMAGES_DIR.lstrip('/')}/{disk.serial}"
        listing = json.dumps(self.extents, separators=(",", ":")).encode()
        return [newc.file(f"{where}.json", listing), newc.file(f"{where}.data", self.data)]


def write_disk_layer(
    planned: Sequence[PlannedDisk], files: MachineFiles, qemu: QemuTree, path: Path
) -> tuple[DiskClone, ...]:
    """Writes the layer for those of `planned` that are in memory; its bytes follow from them alone.

    Of each image only what is not a hole is sent.

    Raises:
        InfraError: a template is damaged, or the disk is full.
    """
    entries: list[newc.Entry] = []
    clones = []
    images: dict[Path, _Image] = {}
    for each in planned:
        started = time.monotonic()
        template = files.disks[each.disk.index].template
        if template not in images:
            images[template] = _image(each.disk, template, qemu)
        entries += images[template].entries(each.disk)
        took = time.monotonic() - started
        clones.append(DiskClone(each.disk.name, DiskBackend.GUEST_MEMORY, _REASON, took))
    with write_atomically(path) as file:
        newc.write_layer(entries, file)
    return tuple(clones)


def _image(disk: Disk, template: Path, qemu: QemuTree) -> _Image:
    try:
        return _read_image(disk, template, qemu)
    except OSError as error:
        raise InfraError(
            f"disk {disk.name}: cannot hold {template} in memory to read it: {error.strerror}"
        ) from error


def _read_image(disk: Disk, template: Path, qemu: QemuTree) -> _Image:
    fd = os.memfd_create(f"ktstr-{disk.serial}", os.MFD_CLOEXEC)
    try:
        os.truncate(fd, disk.size_bytes)
        # into the file as it is, which is all zeroes
        convert = ("convert", "-n", "--target-is-zero", "-O", "raw")
        arguments = (*convert, str(template), f"/proc/self/fd/{fd}")
        run_qemu_img(qemu, arguments, pass_fds=(fd,), what=f"disk {disk.name}")
        if os.fstat(fd).st_size != disk.size_bytes:
            raise InfraError(
                f"disk {disk.name}: {template} holds {os.fstat(fd).st_size} bytes, and the target "
                f"says {disk.size_bytes}"
            )
        extents = tuple(data_extents(fd))
        return _Image(extents, b"".join(os.pread(fd, length, at) for at, length in extents))
    finally:
        os.close(fd)


def data_extents(fd: int) -> Iterator[tuple[int, int]]:
    """(offset, length) in bytes of each run of pages that are not all zero, in order.

    Holes alone would not do: where they begin depends on the host's page cache.
    """
    run: tuple[int, int] | None = None
    for offset in _pages(fd):
        page = os.pread(fd, _PAGE, offset)
        if page == _ZEROES[: len(page)]:
            continue
        if run is not None and sum(run) == offset:
            run = (run[0], run[1] + len(page))
            continue
        if run is not None:
            yield run
        run = (offset, len(page))
    if run is not None:
        yield run


def _pages(fd: int) -> Iterator[int]:
    """The offsets of the pages that may hold anything."""
    size, offset = os.fstat(fd).st_size, 0
    while offset < size:
        try:
            start = os.lseek(fd, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return  # a hole up to the end
            raise
        offset = os.lseek(fd, start, os.SEEK_HOLE)
        yield from range(start, offset, _PAGE)
