# SPDX-License-Identifier: Apache-2.0
"""The guest's side of the mailbox: the region of QEMU's ivshmem device, read where it lies."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from ktstr.guest.system.pci import DEVICES, find_device
from ktstr.model.errors import InfraError
from ktstr.model.wire.mailbox import PAGE, read_head

# include/hw/pci/pci.h and hw/misc/ivshmem-pci.c of QEMU: Red Hat's number, and the device's
_IVSHMEM = ("0x1af4", "0x1110")
# its shared memory is BAR 2
_RESOURCE = "resource2"


class Mailbox:
    """The device's memory; what lies in it is seen when it is read, not before."""

    def __init__(self, resource: Path) -> None:
        self._descriptor = os.open(resource, os.O_RDONLY | os.O_CLOEXEC)
        self._mappings: list[mmap.mmap] = []
        self._head = self._mapped(PAGE)

    @classmethod
    def of_machine(cls, devices: Path = DEVICES) -> Mailbox:
        """Has the device answer, and maps its first page.

        Raises:
            InfraError: the machine has no such device, or the kernel does not let it be mapped.
        """
        device = find_device(devices, _IVSHMEM, "ivshmem-plain")
        try:
            (device / "enable").write_text("1")
            return cls(device / _RESOURCE)
        except (OSError, ValueError) as error:
            raise InfraError(f"cannot park: the mailbox's device {device}: {error}") from error

    def layers(self) -> tuple[memoryview, memoryview]:
        """All layers, one after another, and the last of them, which is the test's own.

        Raises:
            InfraError: the mailbox is empty or damaged.
        """
        length, own = read_head(self._head[:PAGE])
        try:
            whole = memoryview(self._mapped(PAGE + length))[PAGE:]
        except (OSError, ValueError) as error:
            raise InfraError(f"cannot map {length} bytes of the mailbox: {error}") from error
        return whole, whole[own:]

    def _mapped(self, size: int) -> mmap.mmap:
        """Its first bytes; a mapping of a device has each of its pages at once."""
        mapping = mmap.mmap(self._descriptor, size, prot=mmap.PROT_READ)
        self._mappings.append(mapping)
        return mapping

    def close(self) -> None:
        """Gives all of it back, once no view of `layers` is left; each fork would copy its pages.

        Raises:
            BufferError: a view is left.
        """
        while self._mappings:
            self._mappings.pop().close()
        os.close(self._descriptor)
