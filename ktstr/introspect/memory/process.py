# SPDX-License-Identifier: Apache-2.0
"""The memory of a living guest, read and written in QEMU's own process.

process_vm_readv(2) sees what the guest sees: also the pages of a clone, which are QEMU's private
copies and not in the file that the clone was started from. QEMU is not asked and not stopped, so
what is read of a guest that runs may be torn: whoever needs it whole holds the guest meanwhile.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.introspect.memory.layout import Extent, extents, within
from ktstr.introspect.memory.maps import FileId, mappings, place_of
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.model.errors import InfraError

# What a reader asks for at once at most: a length that comes from a guest may be any number.
LARGEST = 64 << 20


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@dataclass(frozen=True)
class RamFile:
    """The file that is the RAM of one node.

    Attributes:
      id: what stat(2) says of it.
      size: bytes of it that are RAM.
    """

    id: FileId
    size: int

    @classmethod
    def at(cls, path: str | int, size: int) -> RamFile:
        """The file of a path or descriptor.

        Raises:
          InfraError: it is not there.
        """
        try:
            status = os.stat(path)
        except OSError as error:
            raise InfraError(f"cannot find the guest's memory file {path}: {error}") from None
        device = os.major(status.st_dev) << 20 | os.minor(status.st_dev)
        return cls(FileId(device, status.st_ino), size)


class ProcessMemory:
    """Physical memory of the guest of one QEMU process."""

    def __init__(self, pid: int, ram: Sequence[RamFile]) -> None:
        """Finds the RAM, one file for each node in order; QEMU must have mapped it by now.

        Raises:
          InfraError: QEMU is gone, is not ours to look at, or has not mapped one of the files.
        """
        self.pid = pid
        self.extents: tuple[Extent, ...] = extents([each.size for each in ram])
        try:
            found = list(mappings(Path(f"/proc/{pid}/maps").read_text(errors="replace")))
        except OSError as error:
            raise InfraError(f"cannot look at QEMU's memory (process {pid}): {error}") from None
        places = []
        for node, each in enumerate(ram):
            place = place_of(found, each.id, each.size)
            if place is None:
                raise InfraError(
                    f"QEMU (process {pid}) has not mapped the memory of node {node} in one piece "
                    f"({each.size >> 20} MiB, inode {each.id.inode}): the guest cannot be read"
                )
            places.append(place)
        self._places = tuple(places)
        libc = ctypes.CDLL(None, use_errno=True)
        self._readv, self._writev = libc.process_vm_readv, libc.process_vm_writev
        for call in (self._readv, self._writev):
            call.restype = ctypes.c_ssize_t
            call.argtypes = (
                ctypes.c_int,
                ctypes.POINTER(_Iovec),
                ctypes.c_ulong,
                ctypes.POINTER(_Iovec),
                ctypes.c_ulong,
                ctypes.c_ulong,
            )

    def read(self, physical: int, size: int) -> bytes:
        """Bytes of RAM.

        Raises:
          MemoryFault: they are not all RAM, too many, or QEMU is gone.
        """
        self._check("read physical", physical, size)
        data = bytearray(size)
        done = 0
        while done < size:
            at, count = self._place("read physical", physical, size, done)
            local = (ctypes.c_char * count).from_buffer(data, done)
            self._move(self._readv, local, at, count, ("read physical", physical, size))
            done += count
        return bytes(data)

    def write(self, physical: int, data: bytes) -> None:
        """Writes into RAM; the guest sees it at once.

        Raises:
          MemoryFault: not all of it is RAM, it is too much, or QEMU is gone.
        """
        self._check("write physical", physical, len(data))
        done = 0
        while done < len(data):
            at, count = self._place("write physical", physical, len(data), done)
            local = ctypes.create_string_buffer(data[done : done + count], count)
            self._move(self._writev, local, at, count, ("write physical", physical, len(data)))
            done += count

    def _check(self, what: str, physical: int, size: int) -> None:
        if not 0 <= size <= LARGEST:
            raise MemoryFault(what, physical, size, f"more than {LARGEST} bytes at once")

    def _place(self, what: str, physical: int, size: int, done: int) -> tuple[int, int]:
        """Where in QEMU the bytes from `done` on are, and how many lie together there."""
        extent = within(self.extents, physical + done)
        if extent is None:
            raise MemoryFault(what, physical, size, f"{physical + done:#x} is not RAM")
        inside = physical + done - extent.physical
        count = min(size - done, extent.size - inside)
        return self._places[extent.file] + extent.offset + inside, count

    def _move(
        self,
        call: ctypes._NamedFuncPointer,
        local: ctypes.Array[ctypes.c_char],
        at: int,
        count: int,
        asked: tuple[str, int, int],
    ) -> None:
        ours = _Iovec(ctypes.addressof(local), count)
        theirs = _Iovec(at, count)
        moved = call(self.pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
        if moved == count:
            return
        if moved >= 0:
            raise MemoryFault(*asked, f"QEMU's process gave {moved} of {count} bytes")
        number = ctypes.get_errno()
        why = "QEMU is gone" if number == errno.ESRCH else f"QEMU's process: {os.strerror(number)}"
        raise MemoryFault(*asked, why)
