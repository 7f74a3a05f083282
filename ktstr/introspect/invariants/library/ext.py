# SPDX-License-Identifier: Apache-2.0
"""Of sched_ext: its part of a runqueue, its tasks, and dispatch queues."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import (
    DISPATCHED,
    DISPATCHED_ANEW,
    LEFT_EXT,
    PUT_EXT,
    SWITCHED,
    TICKED,
    TICKED_EXT,
)
from ktstr.introspect.invariants.invariant import (
    Blame,
    Category,
    Instant,
    Invariant,
    Version,
)

_EXT = "kernel/sched/ext.c"
_IS_EXT = "p.sched_class == symbol('ext_sched_class')"
_QUEUED = "enumerator('scx_ent_flags', 'SCX_TASK_QUEUED')"
# the bits of a task's state, and that of one that is enabled, which has a name of its own in 7.x
_STATE = "((p.scx.flags >> enumerator('scx_ent_flags', 'SCX_TASK_STATE_SHIFT')) & 3)"
_STATE_BITS = "(p.scx.flags & enumerator('scx_ent_flags', 'SCX_TASK_STATE_MASK'))"
_ENABLED_BITS = "enumerator('scx_ent_flags', 'SCX_TASK_ENABLED')"
_ROOT = "word(symbol('scx_root'))"
_NAMED_ANEW = (7, 0)
_AT = (PUT_EXT, LEFT_EXT, TICKED_EXT)
_WALKS = (SWITCHED, TICKED_EXT, LEFT_EXT)
_LOCAL = "entries(address(rq.scx.local_dsq.list), 'task_struct', 'scx.dsq_list.node')"
_RUNNABLE = "entries(address(rq.scx.runnable_list), 'task_struct', 'scx.runnable_node')"
_SHARED = "dsq.id != SCX_DSQ_LOCAL"
_OF_DSQ = "entries(address(dsq.list), 'task_struct', 'scx.dsq_list.node')"
_CURSOR = "enumerator('scx_dsq_lnode_flags', 'SCX_DSQ_LNODE_ITER_CURSOR')"
_HEAD = "word(address(dsq.list))"
_ON_PRIQ = "nodes(address(dsq.priq), 'task_struct', 'scx.dsq_priq')"
_DISPATCHES_SINCE = (7, 3)
_IN_WAKEUP = "enumerator('scx_rq_flags', 'SCX_RQ_IN_WAKEUP')"


def _looks_no_more(
    flag: str, function: str, since: Version, until: Version | None = None
) -> tuple[Invariant, ...]:
    """By the flag that a runqueue has while the function looks for tasks."""
    return (
        Invariant(
            name="scx-in-balance",
            says="A CPU does not look for tasks any more where the next one begins to run.",
            category=Category.EXT,
            source=f"{_EXT} {function}",
            at=(SWITCHED,),
            holds=f"rq.scx.flags & enumerator('scx_rq_flags', '{flag}') == 0",
            since=since,
            until=until,
        ),
    )


def _of_state(
    enabled: str, prefix: str, variable: str, since: Version, until: Version | None
) -> tuple[Invariant, ...]:
    """Those that ask for the state of sched_ext, or of a task, by the names that versions have."""
    is_state = f"word(symbol('scx_{variable}enable_state_var')) & 0xffffffff"
    disabled = f"enumerator('scx_{variable}enable_state', '{prefix}DISABLED')"
    return (
        Invariant(
            name="scx-task-enabled",
            says="A task is enabled for sched_ext while it is queued as one of it.",
            category=Category.EXT,
            source=f"{_EXT} scx_ops_enable_task, switching_to_scx, scx_post_fork",
            at=(PUT_EXT, SWITCHED),
            given=_IS_EXT,
            holds=enabled,
            since=since,
            until=until,
        ),
        Invariant(
            name="scx-task-left",
            says="No task of another class that runs is enabled for sched_ext.",
            category=Category.EXT,
            source=f"{_EXT} switched_from_scx, scx_ops_disable_task",
            at=(SWITCHED,),
            given=f"not ({_IS_EXT})",
            holds=f"not ({enabled})",
            since=since,
            until=until,
        ),
        Invariant(
            name="scx-enabled-while-used",
            says="A task of sched_ext runs only while a BPF scheduler is attached.",
            category=Category.EXT,
            source=f"{_EXT} scx_ops_enable_workfn, scx_ops_disable_workfn",
            at=(SWITCHED,),
            given=_IS_EXT,
            holds=f"{is_state} != {disabled}",
            since=since,
            until=until,
        ),
        Invariant(
            name="scx-enable-state",
            says="The state of sched_ext is one of those that there are.",
            category=Category.EXT,
            source=f"{_EXT} enum scx_ops_enable_state",
            at=TICKED,
            holds=f"{is_state} <= {disabled}",
            since=since,
            until=until,
        ),
    )


def _shared(at: Instant, free: str, since: Version, until: Version | None) -> tuple[Invariant, ...]:
    """Of queues that many CPUs share, where nobody changes one.

    free: the term by which that is known.
    """
    small = f"{_SHARED} and {free}dsq.nr <= 8"
    return (
        Invariant(
            name="dsq-nr",
            says="A shared dispatch queue counts the tasks on its list, without iterators' marks.",
            category=Category.DSQ,
            source=f"{_EXT} dispatch_enqueue, task_unlink_from_dsq, dsq_mod_nr",
            at=(at,),
            given=small,
            holds="dsq.nr == sum("
            f"word(address(t.scx.dsq_list.flags)) & {_CURSOR} == 0 for t in {_OF_DSQ})",
            since=since,
            until=until,
        ),
        Invariant(
            name="dsq-tasks",
            says="A task on a shared dispatch queue says so.",
            category=Category.DSQ,
            source=f"{_EXT} dispatch_enqueue",
            at=(at,),
            given=small,
            holds=f"all(t.scx.dsq == dsq for t in {_OF_DSQ}"
            f" if word(address(t.scx.dsq_list.flags)) & {_CURSOR} == 0)",
            since=since,
            until=until,
        ),
        Invariant(
            name="dsq-ordered-or-not",
            says="A shared dispatch queue has all of its tasks in its order by vtime, or none.",
            category=Category.DSQ,
            source=f"{_EXT} dispatch_enqueue",
            at=(at,),
            given=f"{small} and dsq.priq.rb_node != 0",
            holds=f"dsq.nr == count({_ON_PRIQ})",
            blame=Blame.SCHEDULER,
            since=since,
            until=until,
        ),
        Invariant(
            name="dsq-vtime-order",
            says="No task of a queue ordered by vtime is before the first one.",
            category=Category.DSQ,
            source=f"{_EXT} scx_dsq_priq_less, which goes by what a BPF scheduler may write",
            at=(at,),
            given=f"{small} and dsq.nr > 0 and dsq.priq.rb_node != 0",
            names={"first": f"container({_HEAD}, 'task_struct', 'scx.dsq_list.node')"},
            holds=f"all(t.scx.dsq_vtime - first.scx.dsq_vtime >= 0 for t in {_ON_PRIQ})",
            blame=Blame.SCHEDULER,
            since=since,
            until=until,
        ),
    )


EXT = (
    *_of_state(f"{_STATE} == TASK_ENABLED", "SCX_OPS_", "ops_", (6, 12), _NAMED_ANEW),
    *_of_state(f"{_STATE_BITS} == {_ENABLED_BITS}", "SCX_", "", _NAMED_ANEW, None),
    Invariant(
        name="scx-nr-running",
        says="The tasks of sched_ext on a runqueue are those that wait, and that which runs.",
        category=Category.EXT,
        source=f"{_EXT} enqueue_task_scx, set_task_runnable, clr_task_runnable",
        at=(SWITCHED,),
        given="0 < rq.scx.nr_running <= 8",
        holds=f"rq.scx.nr_running == count({_RUNNABLE})"
        f" + ({_IS_EXT} and p.scx.flags & {_QUEUED} != 0)",
    ),
    Invariant(
        name="scx-nr-running-bounded",
        says="No more tasks of sched_ext are counted than tasks.",
        category=Category.EXT,
        source=f"{_EXT} enqueue_task_scx, dequeue_task_scx",
        at=_AT,
        holds="rq.scx.nr_running <= rq.nr_running",
    ),
    Invariant(
        name="scx-none-runnable",
        says="A runqueue without tasks of sched_ext has none that wait.",
        category=Category.EXT,
        source=f"{_EXT} set_task_runnable, dispatch_enqueue",
        at=_AT,
        given="rq.scx.nr_running == 0",
        names={"head": "address(rq.scx.runnable_list)"},
        holds="word(head) == head and rq.scx.local_dsq.nr == 0",
    ),
    Invariant(
        name="scx-local-nr",
        says="A CPU's dispatch queue counts the tasks on its list.",
        category=Category.DSQ,
        source=f"{_EXT} dispatch_enqueue, task_unlink_from_dsq, dsq_mod_nr",
        at=_WALKS,
        given="rq.scx.local_dsq.nr <= 8",
        holds=f"rq.scx.local_dsq.nr == count({_LOCAL})",
    ),
    Invariant(
        name="scx-local-tasks",
        says="A task on a CPU's dispatch queue says so, is queued, and of that CPU.",
        category=Category.DSQ,
        source=f"{_EXT} dispatch_enqueue, move_local_task_to_local_dsq",
        at=(LEFT_EXT, TICKED_EXT),
        given="0 < rq.scx.local_dsq.nr <= 8",
        holds=f"all(t.scx.dsq == address(rq.scx.local_dsq) and t.scx.flags & {_QUEUED} != 0"
        f" and t.thread_info.cpu == rq.cpu for t in {_LOCAL})",
    ),
    Invariant(
        name="scx-local-holding",
        says="No task on a CPU's dispatch queue is held by another CPU that moves it.",
        category=Category.DSQ,
        source=f"{_EXT} dispatch_to_local_dsq, dispatch_dequeue",
        at=(LEFT_EXT, TICKED_EXT),
        given="0 < rq.scx.local_dsq.nr <= 8",
        holds=f"all(t.scx.holding_cpu < 0 for t in {_LOCAL})",
    ),
    Invariant(
        name="scx-local-bounded",
        says="No more tasks are on a CPU's dispatch queue than sched_ext has on the runqueue.",
        category=Category.DSQ,
        source=f"{_EXT} dispatch_enqueue",
        at=_AT,
        holds="rq.scx.local_dsq.nr <= rq.scx.nr_running",
    ),
    Invariant(
        name="scx-local-id",
        says="A CPU's dispatch queue has the name of one, and no order by vtime.",
        category=Category.DSQ,
        source=f"{_EXT} init_dsq, dispatch_enqueue",
        at=(TICKED_EXT,),
        holds="rq.scx.local_dsq.id == SCX_DSQ_LOCAL and rq.scx.local_dsq.priq.rb_node == 0",
    ),
    Invariant(
        name="scx-curr-off-dsq",
        says="The task of sched_ext that runs is on no dispatch queue.",
        category=Category.DSQ,
        source=f"{_EXT} set_next_task_scx",
        at=(SWITCHED, TICKED_EXT),
        given=_IS_EXT,
        names={"node": "address(p.scx.dsq_list)"},
        holds="p.scx.dsq == 0 and word(node) == node",
    ),
    Invariant(
        name="scx-curr-queued",
        says="The task of sched_ext that begins to run is queued, and does not wait.",
        category=Category.EXT,
        source=f"{_EXT} set_next_task_scx",
        at=(SWITCHED,),
        given=_IS_EXT,
        names={"node": "address(p.scx.runnable_node)"},
        holds=f"p.scx.flags & {_QUEUED} != 0 and word(node) == node",
    ),
    Invariant(
        name="scx-task-queued",
        says="A task of sched_ext says that it is queued once it was put on a runqueue.",
        category=Category.EXT,
        source=f"{_EXT} enqueue_task_scx",
        at=(PUT_EXT,),
        given=_IS_EXT,
        holds=f"p.scx.flags & {_QUEUED} != 0",
    ),
    Invariant(
        name="scx-task-weight",
        says="A task's weight for sched_ext is one that a cgroup may have.",
        category=Category.EXT,
        source=f"{_EXT} set_task_scx_weight",
        at=(PUT_EXT,),
        given=_IS_EXT,
        holds="1 <= p.scx.weight <= 10000",
    ),
    Invariant(
        name="scx-task-sticky",
        says="A task that was put on a runqueue is bound to no CPU by a move any more.",
        category=Category.EXT,
        source=f"{_EXT} enqueue_task_scx, move_remote_task_to_local_dsq",
        at=(PUT_EXT,),
        given=_IS_EXT,
        holds="p.scx.sticky_cpu == -1",
    ),
    Invariant(
        name="scx-ops-state",
        says="A task is not half way to the BPF scheduler once it was put on a runqueue.",
        category=Category.EXT,
        source=f"{_EXT} do_enqueue_task",
        at=(PUT_EXT,),
        given=_IS_EXT,
        holds="p.scx.ops_state.counter & 3 != enumerator('scx_ops_state', 'SCX_OPSS_QUEUEING')",
    ),
    *_looks_no_more("SCX_RQ_IN_BALANCE", "balance_one", (6, 12), _DISPATCHES_SINCE),
    *_looks_no_more("SCX_RQ_IN_DISPATCH", "dispatch_one", _DISPATCHES_SINCE),
    Invariant(
        name="scx-in-wakeup",
        says="A wakeup is over once the task was put on a runqueue.",
        category=Category.EXT,
        source=f"{_EXT} enqueue_task_scx",
        at=(PUT_EXT,),
        holds=f"rq.scx.flags & {_IN_WAKEUP} == 0",
    ),
    Invariant(
        name="scx-cpuperf",
        says="The speed that a BPF scheduler asks for is at most the CPU's whole.",
        category=Category.EXT,
        source=f"{_EXT} scx_bpf_cpuperf_set",
        at=(TICKED_EXT,),
        holds="rq.scx.cpuperf_target <= SCALE",
    ),
    Invariant(
        name="scx-bypass-depth",
        says="Bypassing is left no more often than it was entered.",
        category=Category.EXT,
        source=f"{_EXT} scx_ops_bypass",
        at=TICKED,
        holds="word(symbol('scx_ops_bypass_depth')) & 0xffffffff < 1 << 31",
        until=_NAMED_ANEW,
    ),
    Invariant(
        name="scx-bypass-depth",
        says="Bypassing is left no more often than it was entered.",
        category=Category.EXT,
        source=f"{_EXT} inc_bypass_depth, dec_bypass_depth",
        at=TICKED,
        given=f"{_ROOT} != 0",
        holds=f"scx_sched({_ROOT}).bypass_depth >= 0",
        since=_NAMED_ANEW,
    ),
    *_shared(DISPATCHED, "", (6, 12), (6, 16)),
    *_shared(DISPATCHED_ANEW, "dsq.lock.raw_lock.locked == 0 and ", (7, 2), None),
)
