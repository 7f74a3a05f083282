# SPDX-License-Identifier: Apache-2.0
"""A machine's runqueues and DSQs made by hand in the layout of a real kernel."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import MemoryFault

_PAGE, _U64 = 4096, 1 << 64
_AREA, _AREA_BYTES = 0xFFFF_8880_4000_0000, 0x40_0000
_HEAP = 0xFFFF_8881_0000_0000
GLOBAL_DSQ = 0x8000_0000_0000_0001


def kernel() -> Kernel:
    """The kernel of the tests' data."""
    files = {Path(name).name: Path(name) for name in os.environ["KERNEL"].split()}
    return Kernel.open(files["vmlinux"], files.get("vmlinux.index"))


class Memory:
    """Pages that were written to; others cannot be read."""

    def __init__(self) -> None:
        self._pages: dict[int, bytearray] = {}

    def read(self, address: int, size: int) -> bytes:
        out = bytearray()
        for at in range(address, address + size):
            page = self._pages.get(at // _PAGE)
            if page is None:
                raise MemoryFault("read", address, size, "nobody wrote it")
            out.append(page[at % _PAGE])
        return bytes(out)

    def write(self, address: int, data: bytes) -> None:
        for at, byte in enumerate(data, address):
            self._pages.setdefault(at // _PAGE, bytearray(_PAGE))[at % _PAGE] = byte


class Machine:
    """CPUs that are idle, until they are told otherwise."""

    def __init__(self, of: Kernel, cpus: int) -> None:
        self.kernel, self.cpus, self.memory = of, cpus, Memory()
        self._heap, self._scheduler = _HEAP, 0
        # what is added to addresses of per-CPU variables, which in 7.2 are those of the image
        start = of.symbol("__per_cpu_start")
        self.areas = [(_AREA + cpu * _AREA_BYTES - start) % _U64 for cpu in range(cpus)]
        for cpu, area in enumerate(self.areas):
            self.word(of.symbol("__per_cpu_offset") + 8 * cpu, area)
        self.queues = [(area + of.symbol("runqueues")) % _U64 for area in self.areas]
        self.idle = [self.task(0, f"swapper/{cpu}", "idle_sched_class") for cpu in range(cpus)]
        size = of.size_of("rq")
        for cpu, queue in enumerate(self.queues):
            self.memory.write(queue, bytes(size))
            self.put(queue, "rq", "curr", self.idle[cpu])
            self.put(queue, "rq", "idle", self.idle[cpu])
            for member in ("cfs_tasks", "scx.runnable_list"):
                head = queue + of.field("rq", member).offset
                self.word(head, head)
                self.word(head + 8, head)

    def word(self, address: int, value: int) -> None:
        """Writes a u64."""
        self.memory.write(address, (value % _U64).to_bytes(8, "little"))

    def put(self, address: int, struct_name: str, path: str, value: int) -> None:
        """Writes a member of a struct."""
        field = self.kernel.field(struct_name, path)
        data = (value % (1 << 8 * field.size)).to_bytes(field.size, "little")
        self.memory.write(address + field.offset, data)

    def cpu(self, number: int, values: Mapping[str, int]) -> None:
        """Writes members of a CPU's runqueue, by their paths."""
        for path, value in values.items():
            self.put(self.queues[number], "rq", path, value)

    def make(self, size: int) -> int:
        """The address of so many bytes of zeros that nobody else has."""
        at, self._heap = self._heap, self._heap + (size + 63) // 64 * 64
        self.memory.write(at, bytes(size))
        return at

    def task(self, pid: int, comm: str, sched_class: str = "fair_sched_class") -> int:
        """A task that may run anywhere."""
        task = self.make(self.kernel.size_of("task_struct"))
        self.put(task, "task_struct", "pid", pid)
        at = task + self.kernel.field("task_struct", "comm").offset
        self.memory.write(at, comm.encode())
        self.put(task, "task_struct", "sched_class", self.kernel.symbol(sched_class))
        mask = task + self.kernel.field("task_struct", "cpus_mask").offset
        self.word(mask, (1 << self.cpus) - 1)
        self.put(task, "task_struct", "cpus_ptr", mask)
        self.put(task, "task_struct", "se.cfs_rq", self.make(self.kernel.size_of("cfs_rq")))
        return task

    def queue(self, number: int, member: str, node: str, *tasks: int) -> None:
        """Hangs tasks into a list of a CPU's runqueue, in this order."""
        head = self.queues[number] + self.kernel.field("rq", member).offset
        ring = [head, *(task + self.kernel.field("task_struct", node).offset for task in tasks)]
        for at, after in zip(ring, [*ring[1:], head], strict=True):
            self.word(at, after)
            self.word(after + 8, at)

    def keeper(self) -> int:
        """The address of the timekeeper of CLOCK_MONOTONIC: in 7.2 the first of several."""
        if self.kernel.has_symbol("timekeeper_data"):
            timekeeper = self.kernel.field("tk_data", "timekeeper").offset
            inside = self.kernel.field("timekeeper", "tkr_mono").offset
            return self.kernel.symbol("timekeeper_data") + timekeeper + inside
        return self.kernel.symbol("tk_core") + 8

    def time(self, tsc: int, monotonic_ns: int, updated_tsc: int) -> None:
        """A TSC of 1 GHz from 0, and a timekeeper that was updated at some reading of it."""
        keeper = self.keeper()
        members = {
            "clock": self.kernel.symbol("clocksource_tsc"),
            "cycle_last": updated_tsc,
            "mult": 1 << 20,
            "shift": 20,
            "xtime_nsec": 0,
            "base": monotonic_ns - (tsc - updated_tsc),
        }
        self.memory.write(keeper, bytes(64))
        for name, value in members.items():
            self.put(keeper, "tk_read_base", name, value)
        self.word(self.kernel.symbol("__sched_clock_offset"), 0)
        for area in self.areas:
            at = (area + self.kernel.symbol("cyc2ns")) % _U64
            self.memory.write(at, (1 << 10).to_bytes(4, "little") + (10).to_bytes(4, "little"))
            self.word(at + 8, 0)
        for symbol in ("kvm_sched_clock_offset", "jiffies_64"):
            self.word(self.kernel.symbol(symbol), 0)

    def scheduler(self) -> int:
        """Where a BPF scheduler's own state is in kernels that have several; made once."""
        if not self._scheduler:
            self._scheduler = self.make(self.kernel.size_of("scx_sched"))
            self.word(self.kernel.symbol("scx_root"), self._scheduler)
        return self._scheduler

    def dsq_hash(self) -> int:
        """The address of the table of a scheduler's DSQs."""
        if self.kernel.has_symbol("dsq_hash"):
            return self.kernel.symbol("dsq_hash")
        return self.scheduler() + self.kernel.field("scx_sched", "dsq_hash").offset

    def global_dsq(self, nr: int) -> None:
        """The global DSQ of the only node, so long."""
        table = self.make(8)
        if self.kernel.has_symbol("global_dsqs"):
            dsq = node = self.make(self.kernel.size_of("scx_dispatch_q"))
            self.word(self.kernel.symbol("global_dsqs"), table)
        else:
            node = self.make(self.kernel.size_of("scx_sched_pnode"))
            dsq = node + self.kernel.field("scx_sched_pnode", "global_dsq").offset
            self.put(self.scheduler(), "scx_sched", "pnode", table)
        self.word(table, node)
        self.put(dsq, "scx_dispatch_q", "nr", nr)

    def dsqs(self, lengths: Mapping[int, int]) -> None:
        """A scheduler's DSQs in their hash table: two in one chain, others each in its own."""
        field = self.kernel.field
        table = self.make(64 + 8 * 64)
        self.put(self.dsq_hash(), "rhashtable", "tbl", table)
        self.put(self.dsq_hash(), "rhashtable", "nelems", len(lengths))
        node = field("scx_dispatch_q", "hash_node").offset
        before = 0
        for number, (ident, nr) in enumerate(lengths.items()):
            dsq = self.make(self.kernel.size_of("scx_dispatch_q"))
            self.put(dsq, "scx_dispatch_q", "nr", nr)
            self.put(dsq, "scx_dispatch_q", "id", ident)
            self.word(dsq + node, 0x1235)
            if number == 1:
                self.word(before + node, dsq + node)
            else:
                bucket = field("bucket_table", "buckets").offset + 8 * (7 * number)
                self.word(table + bucket, dsq + node)
            before = dsq
