# SPDX-License-Identifier: Apache-2.0
"""The runqueues of a guest's CPUs, out of its memory."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.kernel.average import Running, average
from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.queues import Queued, contents
from ktstr.introspect.snapshot.view import View

_FIELDS = (
    *("nr_running", "curr", "idle", "clock", "clock_task", "nr_switches", "online"),
    *("cfs.h_nr_queued", "cfs.h_nr_running", "rt.rt_nr_running", "dl.dl_nr_running"),
    *("scx.nr_running",),
)


@dataclass(frozen=True)
class RawRunqueue:
    """A CPU's `struct rq`: its members by their paths, and its local DSQ where there is one."""

    cpu: int
    address: int
    values: dict[str, int]
    local: Queued | None = None

    def number(self, *paths: str) -> int:
        """The first of these members that the kernel has; 0 for none."""
        return next((self.values[path] for path in paths if path in self.values), 0)


def raw_runqueues(view: View, problems: list[str]) -> tuple[RawRunqueue, ...]:
    """Those of all CPUs that the kernel may have, in order.

    Raises:
      MemoryFault: it cannot be told which CPUs there are.
      UnknownName: the kernel has no runqueues that we know.
    """
    shape = view.shape("rq", _FIELDS)
    scx = view.has("rq", "scx.local_dsq")
    local = view.kernel.field("rq", "scx.local_dsq").offset if scx else 0
    found = []
    for cpu in possible_cpus(view):
        try:
            address = view.per_cpu("runqueues", cpu)
            values = view.read(address, shape)
            queued = contents(view, address + local) if scx else None
        except MemoryFault as fault:
            problems.append(f"runqueue of CPU {cpu}: {fault}")
            continue
        if queued is not None and queued.problem:
            problems.append(f"local DSQ of CPU {cpu}: {queued.problem}")
        found.append(RawRunqueue(cpu, address, values, queued))
    return tuple(found)


def possible_cpus(view: View) -> tuple[int, ...]:
    """Numbers of all CPUs that the guest may have.

    Raises:
      MemoryFault: the mask of them cannot be read.
      UnknownName: the kernel has none.
    """
    kernel = view.kernel
    mask = kernel.symbol("__cpu_possible_mask")
    most = min(8 * max(8, len(kernel.symbol_range("__cpu_possible_mask"))), 8192)
    return view.bits(mask, most)


class Averages:
    """The average vruntime of EEVDF's queues, each of which is computed once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[int, int | None] = {}
        kernel = view.kernel
        # the sums are relative to it; called so in 7.x, and in 6.12 from some stable release on
        zero = next((z for z in ("zero_vruntime", "min_vruntime") if view.has("cfs_rq", z)), "")
        self._zero = zero
        sums = ("avg_vruntime", "avg_load") if view.has("cfs_rq", "avg_load") else ()
        if not sums and view.has("cfs_rq", "sum_w_vruntime"):
            sums = ("sum_w_vruntime", "sum_weight")
        self._sums = sums
        known = bool(zero and sums) and kernel.has_field("sched_entity", "load.weight")
        self._queue = view.shape("cfs_rq", (zero, *sums, "sum_shift", "curr")) if known else None
        self._how = average(kernel)
        wanted = ("vruntime", self._how.weight, "on_rq")
        self._entity = view.shape("sched_entity", wanted) if known else None

    def of(self, queue: int, root: int) -> int | None:
        """That of the tree that entities of the `struct cfs_rq` at this address are in.

        root: the address of the root's queue of the same CPU.  None where it cannot be had.
        """
        queue = root if self._how.one_tree else queue
        if queue not in self._known:
            try:
                self._known[queue] = self._average(queue)
            except MemoryFault:
                self._known[queue] = None
        return self._known[queue]

    def _average(self, queue: int) -> int | None:
        if self._queue is None or self._entity is None or not queue:
            return None
        found = self._view.read(queue, self._queue)
        zero = found[self._zero]
        total, weights = (found[each] for each in self._sums)
        running = None
        if found["curr"]:
            current = self._view.read(found["curr"], self._entity)
            if current["on_rq"]:
                running = Running(current["vruntime"], current[self._how.weight])
        return self._how.of(zero, total, weights, found.get("sum_shift", 0), running)
