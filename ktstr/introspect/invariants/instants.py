# SPDX-License-Identifier: Apache-2.0
"""The instants at which invariants are looked at, and constants that no BTF has.

At each of them the runqueue's lock is held, and what the function had to do is done: between an
enqueue and the pick that follows much is in flux.
"""

from __future__ import annotations

from ktstr.introspect.invariants.invariant import Instant, When

_ARGUMENTS = {"rq": "rq(argument(0))", "p": "task_struct(argument(1))"}
_RUNQUEUE = {"rq": "rq(argument(0))"}
_HERE = {
    "rq": "rq(per_cpu('runqueues', cpu()))",
    "p": "task_struct(rq.curr)",
}

# kernel/sched/core.c context_switch: the next task runs, the lock is not yet given back
SWITCHED = Instant(
    "switched", ("finish_task_switch", "finish_task_switch.isra.0"), When.ENTRY, _HERE
)


def _left(kind: str) -> Instant:
    # a task that left may be gone: nothing is said of it
    return Instant(f"dequeued-{kind}", (f"dequeue_task_{kind}",), When.RETURN, _RUNQUEUE)


def _ticked(kind: str) -> Instant:
    return Instant(f"ticked-{kind}", (f"task_tick_{kind}",), When.RETURN, _ARGUMENTS)


def _put(kind: str) -> Instant:
    return Instant(f"enqueued-{kind}", (f"enqueue_task_{kind}",), When.RETURN, _ARGUMENTS)


# the stopper's class is left out: the task says later than its queue that it is there
PUT_FAIR, PUT_RT, PUT_DL, PUT_EXT = (_put(kind) for kind in ("fair", "rt", "dl", "scx"))
PUT = (PUT_FAIR, PUT_RT, PUT_DL, PUT_EXT)
LEFT_FAIR, LEFT_RT, LEFT_DL, LEFT_EXT = (_left(kind) for kind in ("fair", "rt", "dl", "scx"))
LEFT = (LEFT_FAIR, LEFT_RT, LEFT_DL, LEFT_EXT)
TICKED_FAIR, TICKED_RT, TICKED_DL, TICKED_EXT, TICKED_IDLE = (
    _ticked(kind) for kind in ("fair", "rt", "dl", "scx", "idle")
)
TICKED = (TICKED_FAIR, TICKED_RT, TICKED_DL, TICKED_EXT, TICKED_IDLE)

_GROUP_QUEUE = {"cfs": "cfs_rq(argument(0))", "rq": "rq(cfs.rq)"}
# kernel/sched/fair.c, of a group's queue
THROTTLED = Instant("throttled", ("throttle_cfs_rq",), When.RETURN, _GROUP_QUEUE)
UNTHROTTLED = Instant("unthrottled", ("unthrottle_cfs_rq",), When.RETURN, _GROUP_QUEUE)

_SERVER = {"server": "sched_dl_entity(argument(0))"}
# kernel/sched/deadline.c
SERVER_STARTED = Instant("server-started", ("dl_server_start",), When.RETURN, _SERVER)
# where the compiler splits off what is done for an active server, the rest ends with a jump to it
SERVER_STOPPED = Instant(
    "server-stopped", ("dl_server_stop.part.0", "dl_server_stop"), When.RETURN, _SERVER
)

# kernel/sched/ext.c, of any queue: what leaves the function is a jump that gives its lock back, so
# that the lock is still held there
DISPATCHED = Instant(
    "dispatched",
    ("dispatch_enqueue",),
    When.RETURN,
    {"dsq": "scx_dispatch_q(argument(0))", "p": "task_struct(argument(1))"},
    # inlined, as without UNINLINE_SPIN_UNLOCK (kernel/Kconfig.locks), it leaves no such jump
    needs="_raw_spin_unlock",
)
# Of 7.2 and 7.3, where the scheduler and a runqueue are before these: the lock has been given back,
# and another CPU may have it. Nor has it to be the queue that the task is on, as one that is gone
# is replaced.
DISPATCHED_ANEW = Instant(
    "dispatched",
    ("scx_dispatch_enqueue", "dispatch_enqueue"),
    When.RETURN,
    {"dsq": "scx_dispatch_q(argument(2))", "p": "task_struct(argument(3))"},
)

# What macros of the kernel say: kernel/sched/sched.h, kernel/sched/pelt.h, kernel/sched/ext.c (in
# 7.x ext_internal.h), include/linux/sched.h, include/linux/sched/prio.h, include/uapi/linux/magic.h
CONSTANTS = {
    "TASK_ON_RQ_QUEUED": 1,
    "TASK_ON_RQ_MIGRATING": 2,
    "MAX_RT_PRIO": 100,
    "MAX_PRIO": 140,
    "MOST_TASKS": 1 << 22,  # PID_MAX_LIMIT of include/linux/threads.h
    "SCALE": 1024,  # SCHED_CAPACITY_SCALE
    "LIGHTEST": 3 << 10,  # scale_load(WEIGHT_IDLEPRIO)
    "HEAVIEST": 88761 << 10,  # scale_load of nice -20
    "MIN_SHARES": 2,
    "MAX_SHARES": 1 << 28,  # scale_load of 1 << 18
    "NICE_0_LOAD": 1 << 20,
    "LONGEST_SLICE": 1 << 40,
    "FURTHEST_KEY": 1 << 50,
    "PELT_MIN_DIVIDER": 47742 - 1024,
    "BW_SHIFT": 20,
    "STACK_END_MAGIC": 0x57AC6E9D,
    "SCX_DSQ_LOCAL": -(1 << 63) | 2,
    "TASK_ENABLED": 3,  # SCX_TASK_ENABLED
}
