# SPDX-License-Identifier: Apache-2.0
"""Where a kernel keeps its BPF objects: the tables by number, and the types that each came with.

A number leads to its object by an xarray (include/linux/xarray.h, lib/xarray.c; the same in Linux
6.12 to 7.2): a tree whose nodes have 64 slots, of which those with the bits 10 at their bottom are
nodes themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.introspect.kernel.btf import Btf
from ktstr.introspect.kernel.errors import BtfError
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View

# BTF_MAX_SIZE of kernel/bpf/btf.c
_LARGEST_BTF = 16 << 20
_SLOTS, _SHIFT = 64, 6
_MOST_NODES = 4096
_NODE, _KIND = 2, 3
# levels of 6 bits that a number of 32 bits has
_DEEPEST = 6


def numbered(view: View, symbol: str) -> Iterator[int]:
    """Addresses of the objects in a `struct idr`, by rising numbers.

    Raises:
      MemoryFault: a node cannot be read, or the tree does not end.
      UnknownName: this kernel has no such table.
    """
    at = view.kernel.symbol(symbol) + view.kernel.field("idr", "idr_rt.xa_head").offset
    slots = view.kernel.field("xa_node", "slots").offset
    seen: set[int] = set()
    pending = [(view.u64(at), 0)]
    while pending:
        entry, depth = pending.pop()
        if not entry:
            continue
        if entry & _KIND == 0:
            yield entry
            continue
        # values (bit 0) are no objects; of what is internal, only nodes lie above the first page
        if entry & _KIND != _NODE or entry < 4096:
            continue
        node = entry - _NODE
        if node in seen or depth > _DEEPEST or len(seen) >= _MOST_NODES:
            raise MemoryFault("walk", node, 8, f"the tree of {symbol} does not end")
        seen.add(node)
        words = memoryview(view.memory.read(node + slots, 8 * _SLOTS)).cast("Q")
        pending += [(word, depth + 1) for word in reversed(words)]


class Btfs:
    """Types of BPF objects, read from the guest, each once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[int, Btf] = {}

    def at(self, address: int) -> Btf:
        """The types of a `struct btf`; those of the kernel itself are of its file.

        Raises:
          MemoryFault: they cannot be read.
          BtfError: they contradict themselves, or are more than a kernel takes.
        """
        found = self._known.get(address)
        if found is None:
            found = self._known[address] = self._read(address)
        return found

    def _read(self, address: int) -> Btf:
        view = self._view
        if view.number(address, "btf", "kernel_btf"):
            return view.kernel.btf
        size = view.number(address, "btf", "data_size")
        if size > _LARGEST_BTF:
            raise BtfError(f"BTF: {size} bytes of types, a kernel takes {_LARGEST_BTF}")
        return Btf(view.memory.read(view.number(address, "btf", "data"), size))
