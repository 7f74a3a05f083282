# SPDX-License-Identifier: Apache-2.0
"""Private clones of disk templates: files without a name, so that no ending leaves one behind."""

from __future__ import annotations

import errno
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.host.disk_clone import DiskBackend, DiskClone
from ktstr.host.parent import die_with
from ktstr.model.errors import InfraError
from ktstr.vm.disk import overlay
from ktstr.vm.disk.disks import DiskSpec, Image, ImageFormat
from ktstr.vm.qemu import QemuTree

# Many times what qemu-img takes for an overlay: a hang is an error, never a wait without end.
_QEMU_IMG_S = 60.0
# What a file system says that has no files without a name (O_TMPFILE), or a kernel without them.
_NO_UNNAMED = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL})
# An overlay's tables and refcounts for a given size, at QEMU's cluster of 64 KiB: far less.
_OVERLAY_SHARE = 64
_OVERLAY_LEAST = 4 << 20


@dataclass(frozen=True)
class Clone:
    """One disk's clone for one run.  `fd` is None for a disk that only reads its template."""

    image: Image
    fd: int | None
    facts: DiskClone


class Cloner:
    """Makes clones for the runs of a target."""

    def __init__(self, reflinks: Callable[[DiskSpec], int] | None = None) -> None:
        """`reflinks` gives a descriptor of a raw clone that shares its template's blocks.

        It raises InfraError for a disk that it cannot clone, with the reason.
        """
        self._reflinks = reflinks

    def clone(self, disk: DiskSpec, directory: Path) -> Clone:
        """A clone of `disk` whose data, as far as the guest writes any, lies in `directory`.

        The caller closes `fd`; that gives everything back.

        Raises:
          InfraError: no clone can be made, e.g. because the disk is full.
        """
        started = time.monotonic()
        if disk.read_only:
            image = Image(str(disk.template), ImageFormat.QCOW2)
            return _clone(disk, image, None, DiskBackend.READ_ONLY, "nothing writes to it", started)
        reason = "the host has no store of raw images"
        if self._reflinks is not None:
            try:
                fd = self._reflinks(disk)
            except InfraError as error:
                reason = str(error)
            else:
                image = Image(f"/proc/self/fd/{fd}", ImageFormat.RAW)
                why = "the store's file system shares blocks between files"
                return _clone(disk, image, fd, DiskBackend.REFLINK, why, started)
        fd, place = unnamed_file(directory)
        try:
            overlay.write_empty(fd, disk.size_bytes)
        except OSError as error:
            os.close(fd)
            raise _explained(error, disk, directory) from None
        image = Image(f"/proc/self/fd/{fd}", ImageFormat.QCOW2, str(disk.template))
        why = f"{reason}; {place}" if place else reason
        return _clone(disk, image, fd, DiskBackend.QCOW2_OVERLAY, why, started)


def unnamed_file(directory: Path) -> tuple[int, str]:
    """A file of `directory` that has no name and is gone with its last descriptor.

    Where the file system has no such files it lies in memory, and the second value says so.

    Raises:
      InfraError: the directory cannot be written to.
    """
    try:
        return os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600), ""
    except OSError as error:
        if error.errno not in _NO_UNNAMED or not directory.is_dir():
            raise InfraError(f"cannot make a disk's clone in {directory}: {error}") from None
    fd = os.memfd_create("ktstr-disk", os.MFD_CLOEXEC)
    return fd, f"it lies in memory, as {directory} is on a file system without O_TMPFILE"


def overlay_arguments(disk: DiskSpec, path: str) -> tuple[str, ...]:
    """The qemu-img arguments that make an overlay of the disk at `path`, without this program."""
    backing = ("-b", str(disk.template), "-F", ImageFormat.QCOW2.value)
    return ("create", "-q", "-f", ImageFormat.QCOW2.value, *backing, path, str(disk.size_bytes))


def run_qemu_img(
    qemu: QemuTree, arguments: Sequence[str], *, pass_fds: Sequence[int], what: str
) -> None:
    """Runs qemu-img to its end.

    Raises:
      InfraError: it cannot be started, fails, or takes too long; `what` names what it was for.
    """
    parent = os.getpid()
    try:
        done = subprocess.run(
            qemu.image_command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=pass_fds,
            timeout=_QEMU_IMG_S,
            check=False,
            preexec_fn=lambda: die_with(parent),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise InfraError(f"{what}: cannot run qemu-img: {error}") from None
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip() or "it said nothing"
        raise InfraError(
            f"{what}: qemu-img {arguments[0]} failed with status {done.returncode}: {words}"
        )


def file_bytes_for(disks: Sequence[DiskSpec]) -> int:
    """How large the largest clone's file may grow, its tables included; 0 without disks."""
    largest = max((disk.size_bytes for disk in disks), default=0)
    return largest + largest // _OVERLAY_SHARE + _OVERLAY_LEAST if largest else 0


def _clone(
    disk: DiskSpec, image: Image, fd: int | None, backend: DiskBackend, reason: str, started: float
) -> Clone:
    return Clone(image, fd, DiskClone(disk.name, backend, reason, time.monotonic() - started))


def _explained(error: OSError, disk: DiskSpec, directory: Path) -> InfraError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InfraError(
            f"disk {disk.name}: no space left under {directory} for its clone; free some, or "
            f"point TEST_TMPDIR elsewhere (--test_tmpdir)"
        )
    return InfraError(f"disk {disk.name}: cannot make its clone in {directory}: {error}")
