# SPDX-License-Identifier: Apache-2.0
"""Dispatch queues of sched_ext, out of a guest's memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.names import dsq_name
from ktstr.introspect.snapshot.state import Dsq
from ktstr.introspect.snapshot.view import View

MOST_DSQS = 4096
MOST_QUEUED = 4096
_MOST_BUCKETS = 1 << 16
# SCX_DSQ_LNODE_ITER_CURSOR: a place marker of an iteration, no task (kernel/sched/ext.c, 6.12, 7.2)
_CURSOR = 1


@dataclass(frozen=True)
class Queued:
    """A DSQ's number, its own count, and the addresses of the task_structs in it, in order."""

    id: int
    depth: int
    tasks: tuple[int, ...]
    problem: str = ""


def contents(view: View, address: int) -> Queued:
    """What is in the `struct scx_dispatch_q` at this address.

    Raises:
      MemoryFault: the struct cannot be read; a list that ends early is told in `problem`.
    """
    kernel = view.kernel
    head = view.read(address, view.shape("scx_dispatch_q", ("nr", "id")))
    node = kernel.field("sched_ext_entity", "dsq_list.node").offset
    flags = kernel.field("sched_ext_entity", "dsq_list.flags").offset - node
    entity = kernel.field("task_struct", "scx").offset
    walk = view.walk(address + kernel.field("scx_dispatch_q", "list").offset, MOST_QUEUED)
    found = []
    for at in walk:
        try:
            if view.u32(at + flags) & _CURSOR:
                continue
        except MemoryFault:
            break
        found.append(at - node - entity)
    return Queued(head["id"], head["nr"], tuple(found), walk.problem)


def user_made(view: View) -> Iterator[int]:
    """Addresses of the DSQs that the scheduler has made: those in the kernel's hash of them.

    The hash is the kernel's own in 6.12, and in 7.2 of `struct scx_sched`, of which there may be
    several: the first one's is read.

    Raises:
      MemoryFault: the hash cannot be read.
      UnknownName: this kernel has none.
    """
    kernel = view.kernel
    if kernel.has_symbol("dsq_hash"):
        hashed = kernel.symbol("dsq_hash")
    else:
        scheduler = view.u64(kernel.symbol("scx_root"))
        if not scheduler:
            return
        hashed = scheduler + kernel.field("scx_sched", "dsq_hash").offset
    table = view.number(hashed, "rhashtable", "tbl")
    if not table:
        return
    size = min(view.number(table, "bucket_table", "size"), _MOST_BUCKETS)
    buckets = table + kernel.field("bucket_table", "buckets").offset
    member = kernel.field("scx_dispatch_q", "hash_node").offset
    data = view.memory.read(buckets, 8 * size)
    left = MOST_DSQS
    for at in range(0, len(data), 8):
        # bit 0 of a bucket is its lock (include/linux/rhashtable.h)
        first = int.from_bytes(data[at : at + 8], "little") & ~1
        for node in view.hlist(first, left) if first else ():
            left -= 1
            yield node - member
        if left <= 0:
            return


def named(queued: Queued, pids: dict[int, int]) -> Dsq:
    """A DSQ for people, its tasks by their pids; what is no known task is left out."""
    tasks = tuple(pids[task] for task in queued.tasks if task in pids)
    return Dsq(queued.id, dsq_name(queued.id), queued.depth, tasks)
