# SPDX-License-Identifier: Apache-2.0
"""Locks that tasks hold or wait for, by lockdep's own account of them (CONFIG_LOCKDEP)."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.postmortem.state import HeldLock
from ktstr.introspect.snapshot.take import Taking

_MOST_HELD = 48  # MAX_LOCK_DEPTH (include/linux/sched.h)
_NAME_BYTES = 128
NO_LOCKDEP = "locks: this kernel was built without lockdep (CONFIG_PROVE_LOCKING)"


def held_locks(taking: Taking) -> Iterator[HeldLock]:
    """The locks of all tasks, in the order in which each took them; the last may be waited for.

    Raises:
      UnknownName: the kernel has no lockdep.
    """
    view = taking.view
    kernel = view.kernel
    first = kernel.field("task_struct", "held_locks").offset
    size = kernel.size_of("held_lock")
    shape = view.shape("held_lock", ("instance", "acquire_ip"))
    name = kernel.field("lockdep_map", "name").offset
    for address, raw in taking.raw.by_address.items():
        for i in range(min(max(raw.get("lockdep_depth", 0), 0), _MOST_HELD)):
            try:
                lock = view.read(address + first + i * size, shape)
                called = view.text(view.u64(lock["instance"] + name), _NAME_BYTES)
            except MemoryFault as fault:
                taking.problems.append(f"locks of task {raw['pid']}: {fault.reason}")
                break
            where = kernel.where(lock["acquire_ip"])
            comm = taking.raw.names.get(address, "")
            yield HeldLock(raw["pid"], comm, called, lock["instance"], where)
