# SPDX-License-Identifier: Apache-2.0
"""sched_ext's DSQs that are no CPU's: those that a scheduler makes, and the global ones.

A scheduler's hang in a hash table (include/linux/rhashtable-types.h, 6.12 to 7.2): an array of
pointers to chains.  The first two of each chain are looked at, in the first BUCKETS chains, which a
table has from the start; it grows once three in four would be full.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.parts import Key, Number, Part
from ktstr.introspect.monitor.quantities import GLOBAL_DSQ, USER_DSQ
from ktstr.introspect.monitor.series import Lack
from ktstr.introspect.plugin.watch import ABSOLUTE, Read

# HASH_DEFAULT_SIZE of include/linux/rhashtable.h
BUCKETS = 64
_CHAINED = 2
# ids that are told of in a run: a guest may write anything into its table
_MOST_DSQS = 1024
# SCX_DSQ_FLAG_BUILTIN, of sched_ext's own DSQs, which are in no table
_BUILTIN = 1 << 63
# columns: of each place in the table, and of the table.  The link to the next in a chain is the odd
# mark of an end where there is none, and so 0 where there is no DSQ at all.
_NR, _ID, _LINK, _COUNT = "_dsq_nr", "_dsq_id", "_dsq_link", "_dsqs"


@dataclass(frozen=True)
class Dsqs:
    """What to read of DSQs in one kernel, and what of them it does not have."""

    parts: tuple[Part, ...]
    lacks: tuple[Lack, ...]


def dsq_parts(kernel: Kernel, nodes: int) -> Dsqs:
    """What to read of DSQs in a guest with so many NUMA nodes."""
    parts, lacks = [], []
    table, of_nodes = _table(kernel), _of_nodes(kernel, nodes)
    if of_nodes is None:
        lacks.append(Lack(GLOBAL_DSQ, "global_dsqs"))
    else:
        numbers = tuple(Number(GLOBAL_DSQ, at=node) for node in range(nodes))
        parts.append(Part(of_nodes, f"{nodes}I", numbers))
    if table is None:
        lacks.append(Lack(USER_DSQ, "dsq_hash"))
    else:
        parts += _of_table(kernel, table)
    return Dsqs(tuple(parts), tuple(lacks))


def user_dsqs(columns: dict[Key, tuple[int, ...]]) -> dict[Key, tuple[int, ...]]:
    """The columns of a scheduler's DSQs, by their ids; each place in the table may hold several."""
    found: dict[int, list[int]] = {}
    for (name, at), links in columns.items():
        if name != _LINK or not any(links):
            continue
        entries = zip(links, columns[_ID, at], columns[_NR, at], strict=True)
        for row, (link, ident, nr) in enumerate(entries):
            if not link or ident & _BUILTIN:
                continue
            if ident in found or len(found) < _MOST_DSQS:
                found.setdefault(ident, [0] * len(links))[row] = nr
    return {(USER_DSQ, ident): tuple(column) for ident, column in sorted(found.items())}


def unseen_dsqs(columns: dict[Key, tuple[int, ...]]) -> int:
    """How many of a scheduler's DSQs were not found, at most at any time."""
    counts = columns.get((_COUNT, None), ())
    links = [column for (name, _), column in columns.items() if name == _LINK and any(column)]
    seen = [sum(map(bool, row)) for row in zip(*links, strict=True)] or [0] * len(counts)
    return max((count - each for count, each in zip(counts, seen, strict=True)), default=0)


def _of_table(kernel: Kernel, table: tuple[int, ...]) -> list[Part]:
    nr, ident = kernel.field("scx_dispatch_q", "nr"), kernel.field("scx_dispatch_q", "id")
    node = kernel.field("scx_dispatch_q", "hash_node").offset
    entry = f"I{ident.offset - nr.offset - 4}xQ{node - ident.offset - 8}xQ"
    tbl = kernel.field("rhashtable", "tbl").offset
    buckets = kernel.field("bucket_table", "buckets").offset
    first = (*table[:-1], table[-1] + tbl, buckets)
    parts = []
    for deep in range(_CHAINED):
        way = (*first, *((0,) * deep), nr.offset - node)
        size = struct.calcsize(f"<{entry}")
        read = Read(ABSOLUTE, way, size, times=BUCKETS, array=len(first) - 1)
        numbers = tuple(
            Number(name, at=BUCKETS * deep + at)
            for at in range(BUCKETS)
            for name in (_NR, _ID, _LINK)
        )
        parts.append(Part(read, entry * BUCKETS, numbers))
    nelems = kernel.field("rhashtable", "nelems").offset
    count = Read(ABSOLUTE, (*table[:-1], table[-1] + nelems), 4)
    return [*parts, Part(count, "I", (Number(_COUNT, summed=True),))]


def _table(kernel: Kernel) -> tuple[int, ...] | None:
    """The way to the hash table: a scheduler's own in 7.2, the only one there is in 6.12."""
    if kernel.has_symbol("scx_root") and kernel.has_field("scx_sched", "dsq_hash"):
        return kernel.symbol("scx_root"), kernel.field("scx_sched", "dsq_hash").offset
    return (kernel.symbol("dsq_hash"),) if kernel.has_symbol("dsq_hash") else None


def _of_nodes(kernel: Kernel, nodes: int) -> Read | None:
    """The lengths of the global DSQs, one for each node."""
    if kernel.has_symbol("global_dsqs"):
        way = (kernel.symbol("global_dsqs"), 0, kernel.field("scx_dispatch_q", "nr").offset)
        return Read(ABSOLUTE, way, 4, times=nodes, array=1)
    if not kernel.has_symbol("scx_root"):
        return None
    root, nr = kernel.symbol("scx_root"), kernel.field("scx_dispatch_q", "nr").offset
    for member, before in (("pnode", "global_dsq"), ("global_dsqs", "")):
        if kernel.has_field("scx_sched", member):
            inside = kernel.field("scx_sched_pnode", before).offset if before else 0
            of_all = (root, kernel.field("scx_sched", member).offset, 0, inside + nr)
            return Read(ABSOLUTE, of_all, 4, times=nodes, array=2)
    return None
