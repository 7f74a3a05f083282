# SPDX-License-Identifier: Apache-2.0
"""Of real-time and deadline queues, and of servers."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import (
    LEFT_DL,
    LEFT_RT,
    PUT_DL,
    PUT_RT,
    SERVER_STARTED,
    SERVER_STOPPED,
    SWITCHED,
    TICKED,
    TICKED_DL,
    TICKED_RT,
)
from ktstr.introspect.invariants.invariant import Category, Invariant, Version

_RT = "kernel/sched/rt.c"
_DL = "kernel/sched/deadline.c"
_RT_AT = (PUT_RT, LEFT_RT, TICKED_RT)
_DL_AT = (PUT_DL, LEFT_DL, TICKED_DL)
_TREE = "nodes(address(rq.dl.root), 'sched_dl_entity', 'rb_node')"
_ON_TREE = "(server.rb_node.__rb_parent_color != address(server.rb_node.__rb_parent_color))"


def _of_server(member: str, name: str, since: Version) -> tuple[Invariant, ...]:
    """Of one of a runqueue's servers: that of the fair class, that of sched_ext."""
    names = {"server": f"sched_dl_entity(address(rq.{member}))"}
    return (
        Invariant(
            name=f"{name}-queued",
            says="A server is queued only while it is active, and not while it is throttled.",
            category=Category.SERVER,
            source=f"{_DL} dl_server_start, dl_server_stop, update_curr_dl_se",
            at=(SWITCHED, *TICKED),
            names=names,
            given=_ON_TREE,
            holds="server.dl_server == 1 and server.dl_server_active == 1"
            " and server.dl_throttled == 0",
            since=since,
        ),
        Invariant(
            name=f"{name}-alive",
            says="An active server is queued, or waits for its timer.",
            category=Category.SERVER,
            source=f"{_DL} dl_server_start, start_dl_timer",
            at=TICKED,
            names=names,
            given="server.dl_server_active == 1",
            holds=f"{_ON_TREE} or server.dl_throttled == 1",
            since=since,
        ),
        Invariant(
            name=f"{name}-runtime",
            says="A server has no more to spend than it is given in a period.",
            category=Category.SERVER,
            source=f"{_DL} replenish_dl_entity, replenish_dl_new_period",
            at=TICKED,
            names=names,
            holds="server.runtime <= server.dl_runtime",
            since=since,
        ),
        Invariant(
            name=f"{name}-bandwidth",
            says="A server's bandwidth is what it is given by its period.",
            category=Category.SERVER,
            source="kernel/sched/core.c to_ratio, kernel/sched/deadline.c dl_server_apply_params",
            at=TICKED,
            names=names,
            given="server.dl_server == 1 and server.dl_period != 0",
            holds="server.dl_bw == (server.dl_runtime << BW_SHIFT) // server.dl_period",
            since=since,
        ),
        Invariant(
            name=f"{name}-never-yields",
            says="A server does not yield.",
            category=Category.SERVER,
            source=f"{_DL} yield_task_dl, update_curr_dl_se",
            at=TICKED,
            names=names,
            holds="server.dl_yielded == 0",
            since=since,
        ),
    )


REALTIME = (
    Invariant(
        name="rt-bitmap",
        says="A queue of real-time tasks that has none has no priority marked.",
        category=Category.REALTIME,
        source=f"{_RT} __enqueue_rt_entity, __dequeue_rt_entity",
        # what is dequeued to be put back at once stays in the bitmap
        at=(PUT_RT, TICKED_RT),
        holds="(rq.rt.rt_nr_running == 0) == (rq.rt.active.bitmap[0] == 0"
        " and rq.rt.active.bitmap[1] & ((1 << (MAX_RT_PRIO - 64)) - 1) == 0)",
    ),
    Invariant(
        name="rt-bitmap-end",
        says="The bitmap of priorities ends with a bit that is always set.",
        category=Category.REALTIME,
        source=f"{_RT} init_rt_rq",
        at=_RT_AT,
        holds="(rq.rt.active.bitmap[1] >> (MAX_RT_PRIO - 64)) & 1 == 1",
    ),
    Invariant(
        name="rt-highest",
        says="The highest priority of a queue is one that has tasks.",
        category=Category.REALTIME,
        source=f"{_RT} inc_rt_prio, dec_rt_prio",
        at=_RT_AT,
        given="rq.rt.rt_nr_running > 0",
        names={"highest": "rq.rt.highest_prio.curr"},
        holds="0 <= highest < MAX_RT_PRIO and"
        " (word(address(rq.rt.active.bitmap) + (highest >> 6) * 8) >> (highest & 63)) & 1 == 1",
    ),
    Invariant(
        name="rt-highest-queue",
        says="The queue of the highest priority has a task.",
        category=Category.REALTIME,
        source=f"{_RT} __enqueue_rt_entity, inc_rt_prio",
        at=_RT_AT,
        given="rq.rt.rt_nr_running > 0",
        names={"head": "address(rq.rt.active.queue) + 16 * rq.rt.highest_prio.curr"},
        holds="word(head) != head",
    ),
    Invariant(
        name="rt-round-robin",
        says="No more tasks of SCHED_RR are queued than real-time tasks.",
        category=Category.REALTIME,
        source=f"{_RT} inc_rt_tasks",
        at=_RT_AT,
        holds="rq.rt.rr_nr_running <= rq.rt.rt_nr_running",
    ),
    Invariant(
        name="rt-queued",
        says="Real-time tasks are counted by their runqueue just while there are any.",
        category=Category.REALTIME,
        source=f"{_RT} enqueue_top_rt_rq, dequeue_top_rt_rq",
        at=_RT_AT,
        holds="rq.rt.rt_queued == (rq.rt.rt_nr_running > 0)",
    ),
    Invariant(
        name="dl-nr-running",
        says="A queue of deadline tasks counts what is in its tree.",
        category=Category.DEADLINE,
        source=f"{_DL} __enqueue_dl_entity, __dequeue_dl_entity",
        at=_DL_AT,
        given="rq.dl.dl_nr_running <= 8",
        holds=f"rq.dl.dl_nr_running == count({_TREE})",
    ),
    Invariant(
        name="dl-earliest",
        says="The earliest deadline of a queue is that of its first entity.",
        category=Category.DEADLINE,
        source=f"{_DL} inc_dl_deadline, dec_dl_deadline",
        at=(SWITCHED, TICKED_DL),
        given="rq.dl.root.rb_leftmost != 0",
        holds="rq.dl.earliest_dl.curr =="
        " container(rq.dl.root.rb_leftmost, 'sched_dl_entity', 'rb_node').deadline",
    ),
    Invariant(
        name="dl-earliest-none",
        says="A queue without deadline tasks has no earliest deadline.",
        category=Category.DEADLINE,
        source=f"{_DL} dec_dl_deadline",
        at=_DL_AT,
        given="rq.dl.dl_nr_running == 0",
        holds="rq.dl.earliest_dl.curr == 0 and rq.dl.root.rb_leftmost == 0",
    ),
    Invariant(
        name="dl-leftmost",
        says="The first entity of a queue has the earliest deadline.",
        category=Category.DEADLINE,
        source=f"{_DL} __enqueue_dl_entity, __dl_less",
        at=(SWITCHED, TICKED_DL),
        given="0 < rq.dl.dl_nr_running <= 8",
        names={"first": "container(rq.dl.root.rb_leftmost, 'sched_dl_entity', 'rb_node')"},
        holds=f"all(e.deadline - first.deadline >= 0 for e in {_TREE})",
    ),
    Invariant(
        name="dl-bandwidth",
        says="No more bandwidth runs on a CPU than its deadline tasks have.",
        category=Category.DEADLINE,
        source=f"{_DL} __add_running_bw, __sub_running_bw",
        at=TICKED,
        holds="0 <= rq.dl.running_bw <= rq.dl.this_bw",
    ),
    *_of_server("fair_server", "server", (6, 12)),
    *_of_server("ext_server", "ext-server", (7, 0)),
    Invariant(
        name="server-timer",
        says="A throttled server has its timer, or was to come back less than a period ago.",
        category=Category.SERVER,
        source=f"{_DL} start_dl_timer, dl_server_timer",
        at=TICKED,
        names={"server": "sched_dl_entity(address(rq.fair_server))"},
        given="server.dl_server_active == 1 and server.dl_throttled == 1",
        holds="server.dl_timer.state != 0 or rq.clock - server.deadline < server.dl_period",
        until=(7, 0),
    ),
    Invariant(
        name="server-started",
        says="A server with something to spend is active once it was started.",
        category=Category.SERVER,
        source=f"{_DL} dl_server_start",
        at=(SERVER_STARTED,),
        given="server.dl_runtime != 0",
        holds="server.dl_server == 1 and server.dl_server_active == 1",
        until=(7, 0),
    ),
    Invariant(
        name="server-started",
        says="A server with something to spend, and bandwidth for it, is active once started.",
        category=Category.SERVER,
        source=f"{_DL} dl_server_start, __dl_server_attach_bw_locked",
        at=(SERVER_STARTED,),
        given="server.dl_runtime != 0 and server.dl_bw_attached == 1",
        holds="server.dl_server == 1 and server.dl_server_active == 1",
        since=(7, 0),
    ),
    Invariant(
        name="server-stopped",
        says="A server that was stopped is neither queued nor active.",
        category=Category.SERVER,
        source=f"{_DL} dl_server_stop",
        at=(SERVER_STOPPED,),
        given="server.dl_runtime != 0",
        holds=f"server.dl_server_active == 0 and not {_ON_TREE} and server.dl_throttled == 0",
    ),
)
