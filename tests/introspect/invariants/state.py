# SPDX-License-Identifier: Apache-2.0
"""A state of a kernel's memory, made by hand by the kernel's own layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ktstr.introspect.invariants.invariant import Instant
from ktstr.introspect.invariants.layout import Layout, find
from ktstr.introspect.invariants.program import REGISTERS, Look
from tests.introspect.invariants.sparse import SparseMemory

CPUS = 2
_HEAP, _AREAS = 0xFFFF_8880_1000_0000, 0xFFFF_8880_8000_0000
WEIGHT = 1 << 20
_ROOM = 1 << 17
_U64 = 1 << 64
# the variable of sched_ext's state and the value of a scheduler that is attached, by kernel
ENABLE_STATES = {
    "scx_ops_enable_state_var": ("scx_ops_enable_state", "SCX_OPS_ENABLED"),
    "scx_enable_state_var": ("scx_enable_state", "SCX_ENABLED"),
}


@dataclass
class State:
    """Memory, and how instants come to it: registers by instant, on CPU 0."""

    layout: Layout
    name: str
    memory: SparseMemory = field(default_factory=SparseMemory)
    calls: dict[Instant, Look] = field(default_factory=dict)
    _next: int = _HEAP

    def __post_init__(self) -> None:
        # what is added to addresses of per-CPU variables, which in 7.2 are those of the image
        start = self.layout.symbol("__per_cpu_start")
        self.areas = tuple((_AREAS + cpu * 0x100_0000 - start) % _U64 for cpu in range(CPUS))
        self.queues = [(area + self.layout.symbol("runqueues")) % _U64 for area in self.areas]
        for queue in self.queues:
            self.memory.make(queue, 2 * self.layout.size_of("rq"))
        for symbol in (*ENABLE_STATES, "scx_ops_bypass_depth", "scx_root"):
            if self.layout.has_symbol(symbol):
                self.memory.make(self.layout.symbol(symbol), 8)
        if self.layout.has_symbol("scx_root"):
            self.word(self.layout.symbol("scx_root"), self.new("scx_sched"))

    def new(self, struct: str) -> int:
        """Room for a struct, all zeros."""
        address, self._next = self._next, self._next + _ROOM
        self.memory.make(address, self.layout.size_of(struct))
        return address

    def at(self, struct: str, path: str) -> int:
        return find(self.layout, struct, path).offset

    def put(self, address: int, struct: str, **values: int) -> None:
        """Writes members; `__` in a name stands for a dot."""
        for name, value in values.items():
            self.set(address, struct, name.replace("__", "."), value)

    def set(self, address: int, struct: str, path: str, value: int) -> None:
        where = find(self.layout, struct, path)
        place, bits = address + where.offset, 8 * where.size
        whole = int.from_bytes(self.memory.read(place, where.size), "little")
        if where.bit_size:
            mask = (1 << where.bit_size) - 1 << where.bit_offset
            value = whole & ~mask | value << where.bit_offset & mask
        self.memory.write(place, (value & (1 << bits) - 1).to_bytes(where.size, "little"))

    def word(self, address: int, value: int) -> None:
        self.memory.write(address, (value & (1 << 64) - 1).to_bytes(8, "little"))

    def chain(self, head: int, nodes: Sequence[int]) -> None:
        """A list_head with these nodes."""
        ring = [head, *nodes]
        for number, node in enumerate(ring):
            self.word(node, ring[(number + 1) % len(ring)])
            self.word(node + 8, ring[number - 1])

    def tree(self, root: int, nodes: Sequence[int], *, cached: bool = True) -> None:
        """An rb_root whose first node is at its top, and each next one right below."""
        self.word(root, nodes[0] if nodes else 0)
        if cached:
            self.word(root + 8, nodes[0] if nodes else 0)
        for number, node in enumerate(nodes):
            self.word(node, nodes[number - 1] | 1 if number else 1)
            self.word(node + 8, nodes[number + 1] if number + 1 < len(nodes) else 0)
            self.word(node + 16, 0)

    def off_tree(self, node: int) -> None:
        self.word(node, node)

    def comes(self, instant: Instant, *arguments: int, result: int = 0) -> None:
        """The instant comes with these arguments of its function."""
        registers = dict.fromkeys(REGISTERS, 0)
        registers.update(zip(("rdi", "rsi", "rdx", "rcx"), arguments, strict=False))
        self.calls[instant] = Look(
            self.memory, self.areas, 0, tuple(registers[name] for name in REGISTERS), result
        )

    def task(self, kind: str, *, prio: int = 120, cpu: int = 0) -> int:
        """A task of a class, queued on its CPU's runqueue."""
        task, stack = self.new("task_struct"), self.new("task_struct")
        self.word(stack, 0x57AC6E9D)
        mask = self.new("task_struct")
        self.word(mask, 0b11)
        self.put(
            task,
            "task_struct",
            sched_class=self.layout.symbol(f"{kind}_sched_class"),
            prio=prio,
            static_prio=120,
            on_rq=1,
            stack=stack,
            cpus_ptr=mask,
            thread_info__cpu=cpu,
        )
        for node in ("scx.dsq_list.node", "scx.runnable_node"):
            self.chain(task + self.at("task_struct", node), ())
        self.put(task, "task_struct", scx__sticky_cpu=-1, scx__holding_cpu=-1, scx__weight=100)
        self.put(task, "task_struct", se__load__weight=WEIGHT, se__slice=3000000)
        return task

    def queue(self, cpu: int = 0) -> int:
        """A runqueue on which only the idle task is."""
        rq = self.queues[cpu]

        def at(path: str) -> int:
            return rq + self.at("rq", path)

        self.put(rq, "rq", cpu=cpu, cpu_capacity=1024, clock=9000, clock_task=8000)
        self.put(rq, "rq", clock_pelt=7000, lost_idle_time=1000, cfs__avg__last_update_time=5120)
        self.put(rq, "rq", cfs__on_list=1, cfs__rq=rq)
        for head in ("scx.runnable_list", "scx.local_dsq.list", "leaf_cfs_rq_list"):
            self.chain(at(head), ())
        self.chain(at("leaf_cfs_rq_list"), [at("cfs.leaf_cfs_rq_list")])
        self.put(rq, "rq", tmp_alone_branch=at("leaf_cfs_rq_list"))
        self.set(rq, "rq", "rt.active.bitmap[1]", 1 << 36)
        self.put(rq, "rq", rt__highest_prio__curr=99, scx__local_dsq__id=-(1 << 63) | 2)
        server = {"dl_runtime": 50_000_000, "dl_period": 1_000_000_000, "dl_bw": 52428}
        for which in self.servers():
            self.off_tree(at(f"{which}.rb_node"))
            for name, value in {**server, "dl_server": 1, "runtime": 40_000_000}.items():
                self.set(rq, "rq", f"{which}.{name}", value)
        idle, stop = self.task("idle", cpu=cpu), self.task("stop", cpu=cpu)
        self.put(stop, "task_struct", on_rq=0)
        self.put(rq, "rq", idle=idle, stop=stop)
        self.runs(rq, idle)
        return rq

    def servers(self) -> list[str]:
        """The servers of a runqueue."""
        both = ("fair_server", "ext_server")
        return [each for each in both if self.layout.has_field("rq", each)]

    def put_all(self, address: int, struct: str, **values: int) -> None:
        """As `put`, of those that this kernel has."""
        known = {name: value for name, value in values.items() if self.has(struct, name)}
        self.put(address, struct, **known)

    def has(self, struct: str, name: str) -> bool:
        return self.layout.has_field(struct, name.replace("__", "."))

    def runs(self, rq: int, task: int) -> None:
        self.put(task, "task_struct", on_cpu=1)
        self.put(rq, "rq", curr=task)
