# SPDX-License-Identifier: Apache-2.0
"""The memory through which a clone of a saved guest gets all that was not in it when it was saved.

It is no RAM of the guest's, but a region of a PCI device (`ivshmem-plain` of QEMU's
docs/system/devices/ivshmem.rst), which costs nothing as long as it is empty: all zero.  A filled
one begins with a page of its own: `FILLED`, u64 bytes of all layers, u64 offset of the last, the
test's own, and the CRC-32 (zlib) of these, all little endian.  The layers follow, one after
another.  Nothing copies them on the way: the guest reads the pages of the file that the host has
written.
"""

from __future__ import annotations

import binascii
import struct

from ktstr.model.errors import InfraError

MAILBOX_BYTES = 1 << 30
PAGE = 4096
FILLED = b"KTMBOX2\0"
# What a parked guest has in RSI, behind the reading of its time stamp counter (RDX, RAX).
PARKED = 0x64656B726170_5354
_HEAD = struct.Struct("<8sQQ")
_CRC = struct.Struct("<I")


def capacity() -> int:
    """The most bytes that layers may have together."""
    return MAILBOX_BYTES - PAGE


def head(length: int, own: int) -> bytes:
    """The first page of a mailbox with `length` bytes of layers, the last of which is at `own`."""
    said = _HEAD.pack(FILLED, length, own)
    return (said + _CRC.pack(binascii.crc32(said))).ljust(PAGE, b"\0")


def read_head(page: bytes) -> tuple[int, int]:
    """Bytes of all layers, and the offset of the test's own among them, by the first page.

    Raises:
        InfraError: the mailbox is empty or damaged.
    """
    if not any(page):
        raise InfraError("the mailbox is empty: the guest went on before the host had filled it")
    kind, length, own = _HEAD.unpack_from(page)
    if kind != FILLED:
        raise InfraError(f"the mailbox is damaged: it starts with {kind!r}, not with {FILLED!r}")
    (crc,) = _CRC.unpack_from(page, _HEAD.size)
    found = binascii.crc32(page[: _HEAD.size])
    if found != crc:
        raise InfraError(
            f"the mailbox is damaged: CRC {found:#x} of its first page is not {crc:#x}"
        )
    if not 0 <= own < length <= capacity():
        raise InfraError(
            f"the mailbox is damaged: {length} bytes, the test's own from {own} on, in a mailbox "
            f"for {capacity()}"
        )
    return length, own
