# SPDX-License-Identifier: Apache-2.0
"""The kernel's log, out of a guest's memory: also what its console never showed.

The ring is that of kernel/printk/printk_ringbuffer.c (6.12 and 7.2): descriptors by id, of whose
64 bits of state the upper two say whether a record is whole, and texts in a ring of their own.
"""

from __future__ import annotations

from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.postmortem.state import LogRecord
from ktstr.introspect.snapshot.view import View, readable

# Of a log that is longer, the end.
MOST_BYTES = 64 << 10
MOST_RECORDS = 1 << 14
_STATE_SHIFT = 62
_ID_MASK = (1 << _STATE_SHIFT) - 1
_COMMITTED, _FINALIZED = 1, 2
_LARGEST_RING_BITS = 26


def kernel_log(view: View, most_bytes: int = MOST_BYTES) -> tuple[LogRecord, ...]:
    """The last records of the log, oldest first; those that cannot be read are left out.

    Raises:
      MemoryFault: the ring itself cannot be read, or cannot be one.
      UnknownName: the kernel has another log than we know.
    """
    kernel = view.kernel
    ring = view.u64(kernel.symbol("prb"))
    paths = ("descs", "infos", "count_bits", "head_id.counter", "tail_id.counter")
    head = view.read(ring, view.shape("printk_ringbuffer", [f"desc_ring.{each}" for each in paths]))
    places = ("text_data_ring.data", "text_data_ring.size_bits")
    texts = view.read(ring, view.shape("printk_ringbuffer", places))
    for bits in (head["desc_ring.count_bits"], texts["text_data_ring.size_bits"]):
        if bits > _LARGEST_RING_BITS:
            raise MemoryFault("read", ring, 8, f"no ring of 2^{bits} records or bytes is a log's")
    reader = _Reader(view, head, texts["text_data_ring.data"], texts["text_data_ring.size_bits"])
    found: list[LogRecord] = []
    size = 0
    last, first = (head[f"desc_ring.{each}.counter"] & _ID_MASK for each in ("head_id", "tail_id"))
    count = min((last - first) & _ID_MASK, (1 << head["desc_ring.count_bits"]) - 1, MOST_RECORDS)
    for back in range(count + 1):
        record = reader.record((last - back) & _ID_MASK)
        if record is None:
            continue
        size += len(record.text)
        if size > most_bytes:
            break
        found.append(record)
    return tuple(reversed(found))


class _Reader:
    def __init__(self, view: View, head: dict[str, int], texts: int, size_bits: int) -> None:
        kernel = view.kernel
        self._view, self._texts, self._size = view, texts, 1 << size_bits
        self._descs, self._infos = head["desc_ring.descs"], head["desc_ring.infos"]
        self._mask = (1 << head["desc_ring.count_bits"]) - 1
        self._desc_size = kernel.size_of("prb_desc")
        self._info_size = kernel.size_of("printk_info")
        self._desc = view.shape(
            "prb_desc", ("state_var.counter", "text_blk_lpos.begin", "text_blk_lpos.next")
        )
        self._info = view.shape("printk_info", ("ts_nsec", "text_len", "level"))

    def record(self, number: int) -> LogRecord | None:
        """The record with this id, None where it is gone, or not whole."""
        index = number & self._mask
        try:
            desc = self._view.read(self._descs + index * self._desc_size, self._desc)
            state = desc["state_var.counter"]
            if state & _ID_MASK != number:
                return None
            if state >> _STATE_SHIFT & 3 not in (_COMMITTED, _FINALIZED):
                return None
            info = self._view.read(self._infos + index * self._info_size, self._info)
            begin, after = desc["text_blk_lpos.begin"], desc["text_blk_lpos.next"]
            text = self._text(begin, after, info["text_len"])
        except MemoryFault:
            return None
        return LogRecord(info["ts_nsec"], info["level"], text)

    def _text(self, begin: int, after: int, size: int) -> str:
        """The text of a block; an odd position says that there is none."""
        if begin & 1 or not size:
            return ""
        if begin // self._size != (after - 1) // self._size:
            begin = after - after % self._size  # it did not fit, and lies at the ring's beginning
        at = begin % self._size + 8  # behind the id of its descriptor
        data = self._view.memory.read(self._texts + at, min(size, self._size - at))
        return readable(data.rstrip(b"\n"))
