# SPDX-License-Identifier: Apache-2.0
"""Of the root's fair queue and its entities: counts, what runs, and what comes next."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import SWITCHED, TICKED_FAIR
from ktstr.introspect.invariants.invariant import Category, Invariant
from ktstr.introspect.invariants.library.ways import (
    CHAIN,
    COUNTS,
    FAIR_C,
    FLAT_SINCE,
    IS_FAIR,
    NAMES,
)

FAIR = (
    Invariant(
        name="cfs-h-nr",
        says="A queue's tasks are those that can run and those whose dequeue is delayed.",
        category=Category.FAIR,
        source=f"{FAIR_C} enqueue_task_fair, dequeue_entities, set_delayed",
        at=COUNTS,
        names=NAMES,
        holds="cfs.h_nr_queued == cfs.h_nr_runnable + cfs.h_nr_delayed",
        until=(7, 0),
    ),
    Invariant(
        name="cfs-h-nr-bounded",
        says="A queue has at least as many tasks as can run, and no more than there can be.",
        category=Category.FAIR,
        source=f"{FAIR_C} enqueue_task_fair, dequeue_entities",
        at=COUNTS,
        names=NAMES,
        holds="cfs.h_nr_runnable <= cfs.h_nr_queued <= MOST_TASKS",
    ),
    Invariant(
        name="cfs-h-nr-idle",
        says="No more tasks of SCHED_IDLE are queued than tasks.",
        category=Category.FAIR,
        source=f"{FAIR_C} enqueue_task_fair, dequeue_entities",
        at=COUNTS,
        names=NAMES,
        holds="cfs.h_nr_idle <= cfs.h_nr_queued",
    ),
    Invariant(
        name="cfs-weight-if-queued",
        says="A queue has a weight while it has entities, and none without.",
        category=Category.FAIR,
        source=f"{FAIR_C} account_entity_enqueue, account_entity_dequeue",
        at=COUNTS,
        names=NAMES,
        holds="(cfs.load.weight != 0) == (cfs.nr_queued != 0)",
    ),
    Invariant(
        name="cfs-curr",
        says="A queue has a running entity just while a fair task runs.",
        category=Category.FAIR,
        source=f"{FAIR_C} set_next_entity, put_prev_entity",
        at=(SWITCHED,),
        names=NAMES,
        holds=f"(cfs.curr != 0) == ({IS_FAIR})",
    ),
    Invariant(
        name="entity-depth",
        says="An entity lies one level below that of its group.",
        category=Category.ENTITY,
        source="kernel/sched/sched.h set_task_rq, kernel/sched/fair.c init_tg_cfs_entry",
        at=(TICKED_FAIR,),
        given=IS_FAIR,
        holds="all(e.depth == (sched_entity(e.parent).depth + 1 if e.parent != 0 else 0)"
        f" for e in {CHAIN})",
    ),
    Invariant(
        name="entity-queue-of-cpu",
        says="All queues above a queued task are of the runqueue that it was put on.",
        category=Category.ENTITY,
        source="kernel/sched/sched.h set_task_rq",
        at=(TICKED_FAIR,),
        given=IS_FAIR,
        holds=f"all(cfs_rq(e.cfs_rq).rq == rq for e in {CHAIN})",
    ),
    Invariant(
        name="cfs-next-buddy",
        says="The entity to prefer next is queued, and its dequeue not delayed.",
        category=Category.FAIR,
        source=f"{FAIR_C} set_next_buddy, clear_buddies, pick_next_entity",
        at=COUNTS,
        names=NAMES,
        given="cfs.next != 0",
        holds="sched_entity(cfs.next).on_rq == 1 and sched_entity(cfs.next).sched_delayed == 0",
    ),
    Invariant(
        name="cfs-empty-tree",
        says="A queue without entities has nothing in its tree.",
        category=Category.FAIR,
        source=f"{FAIR_C} account_entity_enqueue, __enqueue_entity",
        at=COUNTS,
        names=NAMES,
        given="cfs.nr_queued == 0",
        holds="word(address(cfs.tasks_timeline)) == 0 and cfs.h_nr_queued == 0",
    ),
    Invariant(
        name="entity-deadline",
        says="The task that runs has a deadline ahead of its vruntime once the tick saw it.",
        category=Category.ENTITY,
        source=f"{FAIR_C} update_deadline",
        at=(TICKED_FAIR,),
        given="p.se.on_rq == 1 and p.se.sched_delayed == 0",
        holds="p.se.deadline - p.se.vruntime > 0",
        # a flat tick weighs the task anew behind that, with a lag cut to its bounds: reweight_eevdf
        until=FLAT_SINCE,
    ),
    Invariant(
        name="entity-exec-runtime",
        says="The task that runs ran at least as long as it had when it was chosen.",
        category=Category.ENTITY,
        source=f"{FAIR_C} set_next_entity, update_curr",
        at=(TICKED_FAIR,),
        holds="p.se.sum_exec_runtime - p.se.prev_sum_exec_runtime >= 0",
    ),
)
