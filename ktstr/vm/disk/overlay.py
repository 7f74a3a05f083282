# SPDX-License-Identifier: Apache-2.0
"""An empty qcow2 image, as a clone begins: written here, since a process for it costs more.

The format is that of QEMU's docs/interop/qcow2.rst, version 3.  The image names no backing file:
what it stands on is QEMU's command line to say.
"""

from __future__ import annotations

import os
import struct

_CLUSTER_BITS = 16
_CLUSTER = 1 << _CLUSTER_BITS
# Big-endian: magic, version, backing file's offset and length, cluster_bits, size, encryption,
# entries and offset of the L1 table, offset and clusters of the refcount table, number and offset
# of snapshots, incompatible, compatible and autoclear features, refcount_order, header's length;
# then the end of the header's extensions.
_HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII8x")
_MAGIC = b"QFI\xfb"
_VERSION = 3
_REFCOUNT_ORDER = 4  # 16 bits each
_HEADER_LENGTH = 104
# An L1 entry stands for a cluster of L2 entries of eight bytes, each of which is one for a cluster.
_BYTES_OF_L1_ENTRY = _CLUSTER // 8 * _CLUSTER
_MOST_L1_ENTRIES = _CLUSTER // 8
MOST_BYTES = _MOST_L1_ENTRIES * _BYTES_OF_L1_ENTRY
# Clusters in their order: header, refcount table, refcount block, L1 table.
_TABLE, _BLOCK, _L1, _END = (_CLUSTER * index for index in (1, 2, 3, 4))


def write_empty(fd: int, size_bytes: int) -> None:
    """Makes the empty file `fd` an image of `size_bytes` that holds nothing.

    Raises:
      ValueError: the size is more than MOST_BYTES, or none.
      OSError: the file cannot be written.
    """
    if not 0 < size_bytes <= MOST_BYTES:
        raise ValueError(f"a qcow2 of {size_bytes} bytes; expected 1 to {MOST_BYTES}")
    header = _HEADER.pack(
        _MAGIC,
        _VERSION,
        *(0, 0),
        _CLUSTER_BITS,
        size_bytes,
        0,
        -(-size_bytes // _BYTES_OF_L1_ENTRY),
        _L1,
        *(_TABLE, 1),
        *(0, 0),
        *(0, 0, 0),
        _REFCOUNT_ORDER,
        _HEADER_LENGTH,
    )
    # as it ends in a hole, the L1 table is all zero
    os.truncate(fd, _END)
    used = _END // _CLUSTER
    for offset, data in (
        (0, header),
        (_TABLE, struct.pack(">Q", _BLOCK)),
        (_BLOCK, struct.pack(f">{used}H", *[1] * used)),
    ):
        os.pwrite(fd, data, offset)
