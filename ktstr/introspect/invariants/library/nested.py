# SPDX-License-Identifier: Apache-2.0
"""Of fair queues until 7.3: groups are entities, each with a queue and a tree of its own."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import TICKED_FAIR
from ktstr.introspect.invariants.invariant import Category, Invariant
from ktstr.introspect.invariants.library.ways import (
    CHAIN,
    FAIR_C,
    FEW,
    FLAT_SINCE,
    IS_FAIR,
    NAMES,
    RUNS,
    TREE,
    WALKS,
)

_TASKS = "(1 if e.my_q == 0 else cfs_rq(e.my_q).h_nr_queued)"
_DELAYED = "(e.sched_delayed if e.my_q == 0 else cfs_rq(e.my_q).h_nr_delayed)"


def _with_running(each: str) -> str:
    """The sum of something over all entities of the queue, that which runs with them."""
    runs = each.replace("e.", "sched_entity(cfs.curr).")
    return f"sum({each} for e in {TREE}) + ({runs} if {RUNS} else 0)"


NESTED = (
    Invariant(
        name="cfs-nr-queued",
        says="A queue counts the entities in its tree, and that which runs.",
        category=Category.FAIR,
        source=f"{FAIR_C} account_entity_enqueue, __enqueue_entity",
        at=WALKS,
        names=NAMES,
        given=FEW,
        holds=f"cfs.nr_queued == count({TREE}) + {RUNS}",
        until=FLAT_SINCE,
    ),
    Invariant(
        name="cfs-h-nr-sum",
        says="A queue's tasks are those of its entities: one of a task, those of a group's queue.",
        category=Category.FAIR,
        source=f"{FAIR_C} enqueue_task_fair, dequeue_entities, throttle_cfs_rq",
        at=WALKS,
        names=NAMES,
        given=FEW,
        holds=f"cfs.h_nr_queued == {_with_running(_TASKS)}",
        until=FLAT_SINCE,
    ),
    Invariant(
        name="cfs-h-nr-delayed-sum",
        says="A queue's delayed tasks are those of its entities.",
        category=Category.FAIR,
        source=f"{FAIR_C} set_delayed, clear_delayed",
        at=WALKS,
        names=NAMES,
        given=FEW,
        holds=f"cfs.h_nr_delayed == {_with_running(_DELAYED)}",
        until=(7, 0),
    ),
    Invariant(
        name="cfs-weight-sum",
        says="A queue weighs what its entities weigh.",
        category=Category.FAIR,
        source=f"{FAIR_C} account_entity_enqueue, reweight_entity",
        at=WALKS,
        names=NAMES,
        given=FEW,
        holds=f"cfs.load.weight == {_with_running('e.load.weight')}",
        until=FLAT_SINCE,
    ),
    Invariant(
        name="cfs-curr-chain",
        says="The running task's entity and its groups' are what runs on each of their queues, and "
        "queued there unless the task's group is throttled.",
        category=Category.ENTITY,
        source=f"{FAIR_C} set_next_task_fair, put_prev_entity, throttle_cfs_rq",
        at=(TICKED_FAIR,),
        given=IS_FAIR,
        holds="all(cfs_rq(e.cfs_rq).curr == e"
        " and (e.on_rq == 1 or cfs_rq(p.se.cfs_rq).throttle_count > 0)"
        f" for e in {CHAIN})",
        until=FLAT_SINCE,
    ),
    Invariant(
        name="entity-in-tree",
        says="What is in a queue's tree says that it is queued there, and does not run.",
        category=Category.ENTITY,
        source=f"{FAIR_C} enqueue_entity, set_next_entity",
        at=WALKS,
        names=NAMES,
        given=FEW,
        holds=f"all(e.on_rq == 1 and e.cfs_rq == cfs and e != cfs.curr for e in {TREE})",
        until=FLAT_SINCE,
    ),
    Invariant(
        name="entity-weight",
        says="A task weighs what one of the forty nice values or SCHED_IDLE does, a group at least"
        " what it must and at most what it may.",
        category=Category.ENTITY,
        source="kernel/sched/core.c set_load_weight, kernel/sched/fair.c calc_group_shares",
        at=WALKS,
        names=NAMES,
        given=FEW,
        holds="all(LIGHTEST <= e.load.weight <= HEAVIEST if e.my_q == 0"
        f" else MIN_SHARES <= e.load.weight <= MAX_SHARES for e in {TREE})",
        until=FLAT_SINCE,
    ),
    Invariant(
        name="entity-delayed-group",
        says="A group whose dequeue is delayed has no tasks queued.",
        category=Category.ENTITY,
        source=f"{FAIR_C} set_delayed, unthrottle_cfs_rq",
        at=WALKS,
        names=NAMES,
        given=FEW,
        holds="all(e.sched_delayed == 0 or e.my_q == 0 or cfs_rq(e.my_q).h_nr_queued == 0"
        f" for e in {TREE})",
        until=FLAT_SINCE,
    ),
    Invariant(
        name="entity-slice",
        says="A slice is some time, and not without bound.",
        category=Category.ENTITY,
        source=f"{FAIR_C} update_deadline, cfs_rq_min_slice",
        at=(TICKED_FAIR,),
        given=IS_FAIR,
        holds=f"all(0 < e.slice < LONGEST_SLICE for e in {CHAIN} if e.on_rq)",
        until=FLAT_SINCE,
    ),
)
