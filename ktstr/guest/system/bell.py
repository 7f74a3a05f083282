# SPDX-License-Identifier: Apache-2.0
"""The bell: one store to QEMU's pvpanic device, at which the machine stops.

docs/specs/pvpanic.rst of QEMU.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path
from typing import Any

from ktstr.guest.system.pci import DEVICES, find_device
from ktstr.model.errors import InfraError
from ktstr.model.wire.mailbox import PARKED

# hw/misc/pvpanic-pci.c: Red Hat's vendor number, and the device's
_PVPANIC = ("0x1b36", "0x0011")
# mov %rdx, %r9; rdtsc; shl $32, %rdx; or %rdx, %rax; add %rax, %r9
_DEADLINE = "4989d1 0f31 48c1e220 4809d0 4901c1"
# 1: rdtsc; shl $32, %rdx; or %rdx, %rax; cmp %r9, %rax; jb 1b
_SETTLE = "0f31 48c1e220 4809d0 4c39c8 72f2"
# rdtsc; movb $1, (%rdi); ret: 1 is a panic, which QEMU is told to pause at
# (include/standard-headers/misc/pvpanic.h).  The time before it, and PARKED in RSI, tell the host
# whether the guest's clock has stopped there.
_RING = "0f31 c60701 c3"
# Of the time stamp counter, which counts nanoseconds in virtual time: what the hello has set going
# on other CPUs (the serial port's worker, its interrupts) ends meanwhile, and they are idle.
_SETTLE_TICKS = 50_000_000
_PAGE = mmap.PAGESIZE


class Bell:
    """The pvpanic device's one register, at `address` in this process."""

    def __init__(self, address: int) -> None:
        self._address = address
        self._code = mmap.mmap(-1, _PAGE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._code.write(bytes.fromhex(_DEADLINE + _SETTLE + _RING))
        code = ctypes.addressof(ctypes.c_ubyte.from_buffer(self._code))
        self._ring = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *(ctypes.c_uint64,) * 2)(code)

    @classmethod
    def of_machine(cls, devices: Path = DEVICES) -> Bell:
        """Maps the register.

        Raises:
            InfraError: the machine has no pvpanic-pci, or the kernel does not let it be mapped.
        """
        device = find_device(devices, _PVPANIC, "pvpanic")
        try:
            start = int((device / "resource").read_text().split()[0], 16)
            # a BAR of two bytes need not begin at a page, and a mapping does
            return cls(_mapped(device / "resource0") + start % _PAGE)
        except (OSError, ValueError, IndexError) as error:
            raise InfraError(f"cannot park: the pvpanic device {device}: {error}") from error

    def ring(self) -> None:
        """Has QEMU stop the machine at a store, after the time that other CPUs need to be idle."""
        self._ring(self._address, PARKED, _SETTLE_TICKS)


def _mapped(resource: Path) -> int:
    """The address of the page that holds a BAR, which Python's mmap would cut to the BAR's size."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = (
        *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int),
        *(ctypes.c_int, ctypes.c_int, ctypes.c_long),
    )
    file = os.open(resource, os.O_RDWR | os.O_CLOEXEC)
    try:
        address = libc.mmap(None, _PAGE, mmap.PROT_WRITE, mmap.MAP_SHARED, file, 0)
    finally:
        os.close(file)
    if address is None or address == ctypes.c_void_p(-1).value:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(resource))
    return int(address)
