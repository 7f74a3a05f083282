# SPDX-License-Identifier: Apache-2.0
"""States of a kernel, made by hand by its own layout, in which invariants hold."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import (
    DISPATCHED,
    DISPATCHED_ANEW,
    LEFT_DL,
    LEFT_EXT,
    LEFT_FAIR,
    LEFT_RT,
    PUT_DL,
    PUT_EXT,
    PUT_RT,
    SERVER_STARTED,
    SERVER_STOPPED,
    SWITCHED,
    THROTTLED,
    TICKED_DL,
    TICKED_EXT,
    TICKED_IDLE,
    TICKED_RT,
    UNTHROTTLED,
)
from ktstr.introspect.invariants.layout import Layout
from tests.introspect.invariants.fair_states import fair, group_of
from tests.introspect.invariants.state import CPUS, ENABLE_STATES, State


def all_states(layout: Layout) -> list[State]:
    """At least one in which each invariant of a kernel with our configuration can be told."""
    makers = (_idle, fair, _realtime, _deadline, _ext, _throttled, _unthrottled, _shared, _ordered)
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


def _realtime(state: State) -> State:
    """A task of SCHED_RR runs."""
    rq = state.queue()
    # a server that waits for its timer, for longer than a period
    server = rq + state.at("rq", "fair_server")
    state.put(server, "sched_dl_entity", dl_server_active=1, dl_throttled=1, deadline=1000)
    state.put_all(server, "sched_dl_entity", dl_timer__state=1)
    state.put(rq, "rq", clock=5_000_000_000)
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
    for variable, (enum, name) in ENABLE_STATES.items():
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
    group, entity, cfs = group_of(state, rq)
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
    state.comes(DISPATCHED_ANEW, 0, state.queue(), dsq, tasks[0])
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
