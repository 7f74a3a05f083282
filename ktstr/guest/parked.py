# SPDX-License-Identifier: Apache-2.0
"""The guest that is saved and cloned: parked at one instruction, with everything imported.

The instruction is a store to QEMU's pvpanic device (docs/specs/pvpanic.rst of QEMU), at which the
machine stops.  What runs next runs in a clone, into whose mailbox the host has put a test's layer.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import mmap
import os
import termios
from pathlib import Path
from typing import Any

from ktstr.guest import boot
from ktstr.guest.adopt import settle
from ktstr.guest.agent import end_with, run
from ktstr.guest.port import FramePort
from ktstr.guest.reactor import Reactor
from ktstr.guest.unpack import Entry, entries_of, unpack
from ktstr.guest.view import seen_view
from ktstr.guest.witness import Witness
from ktstr.model.codec import prepare
from ktstr.model.errors import InfraError
from ktstr.model.mailbox import MAILBOX_BYTES, PARKED, mark, read
from ktstr.model.plan import Plan

_DEVICES = Path("/sys/bus/pci/devices")
# hw/misc/pvpanic-pci.c: Red Hat's vendor number, and the device's
_PVPANIC = ("0x1b36", "0x0011")
# rdtsc; movb $1, (%rdi); ret: 1 is a panic, which QEMU is told to pause at
# (include/standard-headers/misc/pvpanic.h).  The time before it, and PARKED in RSI, tell the host
# whether the guest's clock has stopped there.
_RING = bytes.fromhex("0f31 c60701 c3")
_PAGE = mmap.PAGESIZE
# whether the kernel watches for lockups (Documentation/admin-guide/sysctl/kernel.rst)
_WATCHDOG = Path("/proc/sys/kernel/watchdog")
# What tests need beyond the agent's own imports.  Few need disks, and none the shell.
_MODULES = (
    "encodings.ascii",
    "ktstr",
    "ktstr.guest.body",
    "ktstr.guest.claims",
    "ktstr.guest.function",
    "ktstr.guest.payload.background",
    "ktstr.guest.payload.bench",
    "ktstr.guest.payload.handle",
    "ktstr.guest.payload.run",
    "ktstr.guest.python_worker",
    "ktstr.guest.sampler",
    "ktstr.guest.waits",
    "ktstr.scenarios",
    "random",
)


def run_clone(port: int) -> int:
    """Says hello, parks, and in a clone takes the mailbox's layer on, says hello again and runs it.

    Returns the exit status, 1 if the agent failed: then the stream ends with an End that says how.
    """
    try:
        for name in _MODULES:
            importlib.import_module(name)
        prepare(Plan)
        seen_view()
        reactor = Reactor()
        # what the kernel does to load it takes longer than all else that a clone is spared
        witness = Witness(reactor)
        witness.load()
        hello = boot.hello_text(boot.hello(b""))
        bell = Bell.of_machine()
        mailbox = _mailbox()
        rewind(_WATCHDOG)
    except Exception as failure:  # noqa: BLE001 - the host must hear why it cannot save this guest
        return end_with(FramePort(port), failure)
    gc.collect()
    gc.freeze()
    boot.write_all(port, boot.framed(hello))
    termios.tcdrain(port)
    bell.ring()
    # a clone from here on: its stream is new
    try:
        brought = _brought(mailbox)
    except Exception as failure:  # noqa: BLE001 - as above
        return end_with(FramePort(port), failure)
    plan = _file(brought, boot.PLAN)
    # the machine is what it was in the saved guest, whose memory this one goes on with
    boot.write_all(port, boot.framed(with_plan(hello, plan)))

    def move_in() -> None:
        mailbox.close()
        unpack(brought)
        settle()

    return run(port, plan, move_in, reactor, witness)


def with_plan(hello: bytes, plan: bytes) -> bytes:
    """The text of a hello without a plan as that of one with `plan`."""
    # no value can look like it: quotes in them are escaped
    return hello.replace(b'"plan_digest":""', b'"plan_digest":"%s"' % boot.digest(plan).encode())


def _brought(mailbox: mmap.mmap) -> list[Entry]:
    """What the host has put into the mailbox."""
    with memoryview(mailbox) as view:
        brought = list(entries_of(read(view)))
    if not _file(brought, boot.START):
        raise InfraError(f"the clone has no {boot.START}: it would be the guest it was saved as")
    return brought


def _file(entries: list[Entry], path: str) -> bytes:
    """The bytes of a file of the layer; none where it has no such file."""
    return next((data for name, _, data in entries if name == path.lstrip("/").encode()), b"")


def _mailbox() -> mmap.mmap:
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    pages = mmap.mmap(-1, MAILBOX_BYTES, flags=flags)
    # a page that the kernel moves into a huge one leaves its mark where it was
    pages.madvise(mmap.MADV_NOHUGEPAGE)
    with memoryview(pages) as view:
        mark(view)
    return pages


def rewind(switch: Path) -> None:
    """Starts the kernel's watchdog timers anew, where `switch` says that they run.

    They wake every CPU at once each 4 s, which costs 64 vCPUs seconds of the host's time, and all
    clones of a guest that was saved just before would begin with it.
    """
    if switch.exists() and switch.read_text().strip() == "1":
        switch.write_text("0")
        switch.write_text("1")


class Bell:
    """The pvpanic device's one register, at `address` in this process."""

    def __init__(self, address: int) -> None:
        self._address = address
        self._code = mmap.mmap(-1, _PAGE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._code.write(_RING)
        code = ctypes.addressof(ctypes.c_ubyte.from_buffer(self._code))
        self._ring = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64)(code)

    @classmethod
    def of_machine(cls, devices: Path = _DEVICES) -> Bell:
        """Maps the register.

        Raises:
            InfraError: the machine has no pvpanic-pci, or the kernel does not let it be mapped.
        """
        device = find_device(devices)
        try:
            start = int((device / "resource").read_text().split()[0], 16)
            # a BAR of two bytes need not begin at a page, and a mapping does
            return cls(_mapped(device / "resource0") + start % _PAGE)
        except (OSError, ValueError, IndexError) as error:
            raise InfraError(f"cannot park: the pvpanic device {device}: {error}") from error

    def ring(self) -> None:
        """Has QEMU stop the machine at this store."""
        self._ring(self._address, PARKED)


def find_device(devices: Path) -> Path:
    """The directory of the pvpanic device below sysfs' `devices`.

    Raises:
        InfraError: there is none; the message says what there is.
    """
    found: list[str] = []
    for device in sorted(devices.glob("*")):
        kind = tuple((device / name).read_text().strip() for name in ("vendor", "device"))
        if kind == _PVPANIC:
            return device
        found.append(":".join(kind))
    raise InfraError(
        f"cannot park: no PCI device is {':'.join(_PVPANIC)}, QEMU's pvpanic; {devices} has "
        f"{', '.join(found) or 'none'}"
    )


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
