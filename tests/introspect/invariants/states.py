# SPDX-License-Identifier: Apache-2.0
"""States of a kernel, made by hand by its own layout, in which invariants hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ktstr.introspect.invariants.instants import (
    DISPATCHED,
    LEFT_DL,
    LEFT_EXT,
    LEFT_FAIR,
    LEFT_RT,
    PUT_DL,
    PUT_EXT,
    PUT_FAIR,
    PUT_RT,
    SERVER_STARTED,
    SERVER_STOPPED,
    SWITCHED,
    THROTTLED,
    TICKED_DL,
    TICKED_EXT,
    TICKED_FAIR,
    TICKED_IDLE,
    TICKED_RT,
    UNTHROTTLED,
)
from ktstr.introspect.invariants.invariant import Instant
from ktstr.introspect.invariants.layout import Layout, find
from ktstr.introspect.invariants.program import REGISTERS, Look
from tests.introspect.invariants.sparse import SparseMemory

CPUS = 2
_HEAP, _AREAS = 0xFFFF_8880_1000_0000, 0xFFFF_8880_8000_0000
_WEIGHT = 1 << 20
_ROOM = 1 << 17
_U64 = 1 << 64
# the variable of sched_ext's state and the value of a scheduler that is attached, by kernel
_ENABLE_STATES = {
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
        for symbol in (*_ENABLE_STATES, "scx_ops_bypass_depth", "scx_root"):
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
        registers.update(zip(("rdi", "rsi", "rdx"), arguments, strict=False))
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
        self.put(task, "task_struct", se__load__weight=_WEIGHT, se__slice=3000000)
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


def all_states(layout: Layout) -> list[State]:
    """At least one in which each invariant of 6.12 and 7.2 with our configuration can be told."""
    makers = (_idle, _fair, _realtime, _deadline, _ext, _throttled, _unthrottled, _shared, _ordered)
    return [maker(State(layout, maker.__name__.removeprefix("_"))) for maker in makers]


def _idle(state: State) -> State:
    for cpu in range(CPUS):
        state.queue(cpu)
    rq = state.queues[0]
    state.comes(SWITCHED, rq)
    curr = rq + state.at("rq", "curr")
    state.comes(TICKED_IDLE, rq, int.from_bytes(state.memory.read(curr, 8), "little"))
    server = rq + state.at("rq", "fair_server")
    state.comes(SERVER_STOPPED, server)
    for instant in (LEFT_FAIR, LEFT_RT, LEFT_DL, LEFT_EXT):
        state.comes(instant, rq)
    return state


def _group(state: State, rq: int) -> tuple[int, int, int]:
    """A group with a queue on CPU 0: the group, its entity, its queue."""
    root, group = state.new("task_group"), state.new("task_group")
    top = rq + state.at("rq", "cfs")
    if state.layout.has_field("task_group", "se"):
        cfs, entity, arrays = state.new("cfs_rq"), state.new("sched_entity"), state.new("cfs_rq")
        for number, (owner, mine, its) in enumerate(((root, top, 0), (group, cfs, entity))):
            queues, entities = arrays + 64 * number, arrays + 64 * number + 32
            state.put(owner, "task_group", cfs_rq=queues, se=entities, shares=_WEIGHT)
            state.word(queues, mine)
            state.word(entities, its)
    else:
        cfs = state.new("cfs_tg_state")
        entity = cfs + state.at("cfs_tg_state", "se")
        for owner, mine in ((root, top), (group, cfs)):
            state.put(owner, "task_group", cfs_rq=mine - state.areas[0], shares=_WEIGHT)
    state.put(group, "task_group", parent=root)
    state.put(rq, "rq", cfs__tg=root)
    state.put(cfs, "cfs_rq", rq=rq, tg=group, on_list=1)
    state.put(entity, "sched_entity", my_q=cfs, cfs_rq=top, on_rq=1, load__weight=_WEIGHT)
    state.put(entity, "sched_entity", slice=3000000)
    leaves = [
        cfs + state.at("cfs_rq", "leaf_cfs_rq_list"),
        top + state.at("cfs_rq", "leaf_cfs_rq_list"),
    ]
    state.chain(rq + state.at("rq", "leaf_cfs_rq_list"), leaves)
    return group, entity, cfs


def _fair(state: State) -> State:
    """A task of a group runs, one waits in the root; the dequeue of one and a group is delayed."""
    for cpu in range(CPUS):
        state.queue(cpu)
    rq = state.queues[0]
    top = rq + state.at("rq", "cfs")
    _, entity, cfs = _group(state, rq)
    runs, waits, late = (state.task("fair") for _ in range(3))
    state.runs(rq, runs)
    se = state.at("task_struct", "se")
    state.put(runs, "task_struct", se__parent=entity, se__depth=1, se__cfs_rq=cfs, se__on_rq=1)
    state.put(runs, "task_struct", se__deadline=4000, se__vruntime=1000)
    state.put(runs, "task_struct", se__sum_exec_runtime=500, se__prev_sum_exec_runtime=400)
    state.put(runs, "task_struct", se__avg__util_avg=500, se__avg__util_sum=500 * 47000)
    state.put(runs, "task_struct", se__avg__load_avg=600, se__avg__load_sum=40000)
    state.put(cfs, "cfs_rq", curr=runs + se, nr_queued=1, h_nr_queued=1, h_nr_runnable=1)
    state.put(cfs, "cfs_rq", load__weight=_WEIGHT)
    state.put(top, "cfs_rq", curr=entity, nr_queued=4, h_nr_queued=3, h_nr_runnable=2)
    state.put(top, "cfs_rq", load__weight=4 * _WEIGHT, zero_vruntime=1000)
    state.put_all(top, "cfs_rq", h_nr_delayed=1)
    # weights are scaled down where no shift of the sums is kept
    weight = _WEIGHT if state.has("cfs_rq", "sum_shift") else _WEIGHT >> 10
    state.put(top, "cfs_rq", sum_weight=3 * weight, sum_w_vruntime=400 * weight, next=waits + se)
    for signal in ("load", "util", "runnable"):
        state.set(top, "cfs_rq", f"avg.{signal}_avg", 700)
        state.set(top, "cfs_rq", f"avg.{signal}_sum", 700 * 47000)
    for task, vruntime, deadline in ((waits, 1500, 5000), (late, 900, 6000)):
        state.put(task, "task_struct", se__cfs_rq=top, se__on_rq=1, se__min_vruntime=900)
        state.put(task, "task_struct", se__vruntime=vruntime, se__deadline=deadline)
    state.put(late, "task_struct", se__sched_delayed=1)
    gone, empty = state.new("sched_entity"), state.new("cfs_rq")
    state.put(gone, "sched_entity", my_q=empty, cfs_rq=top, on_rq=1, load__weight=_WEIGHT)
    state.put(gone, "sched_entity", sched_delayed=1, vruntime=1000, deadline=7000)
    state.put(gone, "sched_entity", min_vruntime=1000)
    node = state.at("sched_entity", "run_node")
    nodes = [waits + se + node, late + se + node, gone + node]
    state.tree(top + state.at("cfs_rq", "tasks_timeline"), nodes)
    state.put(rq, "rq", nr_running=3)
    state.comes(SWITCHED, rq)
    state.comes(PUT_FAIR, rq, runs)
    state.comes(LEFT_FAIR, rq)
    state.comes(TICKED_FAIR, rq, runs)
    return state


def _realtime(state: State) -> State:
    """A task of SCHED_RR runs."""
    rq = state.queue()
    state.queue(1)
    task = state.task("rt", prio=70)
    state.runs(rq, task)
    state.put(rq, "rq", nr_running=1, rt__rt_nr_running=1, rt__rr_nr_running=1, rt__rt_queued=1)
    state.put(rq, "rq", rt__highest_prio__curr=70)
    state.set(rq, "rq", "rt.active.bitmap[1]", 1 << 36 | 1 << (70 - 64))
    queue = rq + state.at("rq", "rt.active.queue") + 16 * 70
    state.chain(queue, [task + state.at("task_struct", "rt.run_list")])
    for instant in (SWITCHED, PUT_RT, LEFT_RT, TICKED_RT):
        state.comes(instant, rq, task)
    return state


def _deadline(state: State) -> State:
    """A deadline task runs, and a server waits."""
    rq = state.queue()
    state.queue(1)
    task = state.task("dl", prio=-1)
    state.runs(rq, task)
    servers = [rq + state.at("rq", each) for each in state.servers()]
    for server in servers:
        state.put(server, "sched_dl_entity", dl_server_active=1, deadline=9000)
        state.put_all(server, "sched_dl_entity", dl_bw_attached=1)
    state.put(task, "task_struct", dl__deadline=8000)
    node = state.at("sched_dl_entity", "rb_node")
    first = task + state.at("task_struct", "dl") + node
    nodes = [first, *(server + node for server in servers)]
    state.tree(rq + state.at("rq", "dl.root"), nodes)
    # servers that wait are counted as tasks by the kernels that have one of them alone
    tasks = 1 if len(servers) > 1 else len(nodes)
    state.put(rq, "rq", nr_running=tasks, dl__dl_nr_running=len(nodes))
    state.put(rq, "rq", dl__earliest_dl__curr=8000)
    state.put(rq, "rq", dl__running_bw=100, dl__this_bw=200)
    for instant in (SWITCHED, PUT_DL, LEFT_DL, TICKED_DL):
        state.comes(instant, rq, task)
    state.comes(SERVER_STARTED, servers[0])
    return state


def _enabled(state: State) -> int:
    """The flags of a task that is enabled: a constant of its own in 7.x."""
    if state.layout.has_symbol("scx_root"):
        return state.layout.enumerator("scx_ent_flags", "SCX_TASK_ENABLED")
    return 3 << state.layout.enumerator("scx_ent_flags", "SCX_TASK_STATE_SHIFT")


def _ext(state: State) -> State:
    """A task of sched_ext runs, and two wait in their CPU's dispatch queue."""
    rq = state.queue()
    state.queue(1)
    runs, first, second = (state.task("ext") for _ in range(3))
    queued = state.layout.enumerator("scx_ent_flags", "SCX_TASK_QUEUED")
    for task in (runs, first, second):
        state.put(task, "task_struct", scx__flags=queued | _enabled(state))
    local = rq + state.at("rq", "scx.local_dsq")
    for task in (first, second):
        state.put(task, "task_struct", scx__dsq=local)
    node, waits = (state.at("task_struct", f"scx.{name}") for name in ("dsq_list", "runnable_node"))
    state.chain(rq + state.at("rq", "scx.local_dsq.list"), [first + node, second + node])
    state.chain(rq + state.at("rq", "scx.runnable_list"), [first + waits, second + waits])
    state.put(rq, "rq", nr_running=3, scx__nr_running=3, scx__local_dsq__nr=2)
    state.runs(rq, runs)
    for variable, (enum, name) in _ENABLE_STATES.items():
        if state.layout.has_symbol(variable):
            state.word(state.layout.symbol(variable), state.layout.enumerator(enum, name))
    state.comes(SWITCHED, rq)
    state.comes(TICKED_EXT, rq, runs)
    state.comes(PUT_EXT, rq, first)
    state.comes(LEFT_EXT, rq)
    return state


def _limited(state: State) -> tuple[int, int]:
    rq = state.queue()
    state.queue(1)
    group, entity, cfs = _group(state, rq)
    state.put(group, "task_group", cfs_bandwidth__nr_periods=9, cfs_bandwidth__nr_throttled=4)
    state.put(cfs, "cfs_rq", runtime_enabled=1, runtime_remaining=-5)
    state.put(entity, "sched_entity", on_rq=0)
    return group, cfs


def _throttled(state: State) -> State:
    """A group's queue was throttled."""
    group, cfs = _limited(state)
    state.put(cfs, "cfs_rq", throttled=1, throttle_count=1, on_list=0)
    head = group + state.at("task_group", "cfs_bandwidth.throttled_cfs_rq")
    state.chain(head, [cfs + state.at("cfs_rq", "throttled_list")])
    state.comes(THROTTLED, cfs, result=1)
    return state


def _unthrottled(state: State) -> State:
    """A group's queue was unthrottled."""
    _, cfs = _limited(state)
    state.put(cfs, "cfs_rq", runtime_remaining=5)
    state.comes(UNTHROTTLED, cfs)
    return state


def _dsq(state: State) -> tuple[int, list[int]]:
    dsq, tasks = state.new("scx_dispatch_q"), [state.task("ext") for _ in range(2)]
    state.put(dsq, "scx_dispatch_q", id=7, nr=2)
    node = state.at("task_struct", "scx.dsq_list")
    for number, task in enumerate(tasks):
        state.put(task, "task_struct", scx__dsq=dsq, scx__dsq_vtime=10 + number)
    state.chain(dsq + state.at("scx_dispatch_q", "list"), [task + node for task in tasks])
    state.comes(DISPATCHED, dsq, tasks[0])
    return dsq, tasks


def _shared(state: State) -> State:
    """A shared dispatch queue with two tasks in the order in which they came."""
    _dsq(state)
    return state


def _ordered(state: State) -> State:
    """A shared dispatch queue with two tasks ordered by vtime."""
    dsq, tasks = _dsq(state)
    node = state.at("task_struct", "scx.dsq_priq")
    root = dsq + state.at("scx_dispatch_q", "priq")
    state.tree(root, [task + node for task in tasks], cached=False)
    return state
