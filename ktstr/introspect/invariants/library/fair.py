# SPDX-License-Identifier: Apache-2.0
"""Of the root's fair queue and its entities: EEVDF."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import (
    LEFT_FAIR,
    PUT_FAIR,
    SWITCHED,
    TICKED_FAIR,
)
from ktstr.introspect.invariants.invariant import Category, Invariant, Version

_FAIR = "kernel/sched/fair.c"
_NAMES = {"cfs": "cfs_rq(address(rq.cfs))"}
_TREE = "nodes(address(cfs.tasks_timeline), 'sched_entity', 'run_node')"
# the entity that runs is on the queue, but not in the tree
_RUNS = "(cfs.curr != 0 and sched_entity(cfs.curr).on_rq)"
_COUNTS = (PUT_FAIR, LEFT_FAIR, TICKED_FAIR)
# along the tree, which costs the more the longer it is
_WALKS = (TICKED_FAIR,)
_FEW = "0 < cfs.nr_queued <= 8"
_IS_FAIR = "p.sched_class == symbol('fair_sched_class')"
# scale_load_down, which leaves nothing without weight
_DOWN = "(e.load.weight >> 10 if e.load.weight >= 2 << 10 else 2)"
# as it is in 7.x, until a sum would overflow
_SHIFTED = (
    "(e.load.weight if cfs.sum_shift == 0"
    " else e.load.weight >> cfs.sum_shift if e.load.weight >> cfs.sum_shift >= 2 else 2)"
)
_TASKS = "(1 if e.my_q == 0 else cfs_rq(e.my_q).h_nr_queued)"
_DELAYED = "(e.sched_delayed if e.my_q == 0 else cfs_rq(e.my_q).h_nr_delayed)"


def _with_running(each: str) -> str:
    """The sum of something over all entities of the queue, that which runs with them."""
    runs = each.replace("e.", "sched_entity(cfs.curr).")
    return f"sum({each} for e in {_TREE}) + ({runs} if {_RUNS} else 0)"


def _sums(weight: str, since: Version, until: Version | None) -> tuple[Invariant, ...]:
    """What the average of vruntimes is made of; `weight` is how an entity counts there."""
    return (
        Invariant(
            name="cfs-sum-weight",
            says="The weight that the average of vruntimes goes by is that of the tree.",
            category=Category.FAIR,
            source=f"{_FAIR} avg_vruntime_add, avg_vruntime_sub",
            at=_WALKS,
            names=_NAMES,
            given=_FEW,
            holds=f"cfs.sum_weight == sum({weight} for e in {_TREE})",
            since=since,
            until=until,
        ),
        Invariant(
            name="cfs-sum-vruntime",
            says="The sum that the average of vruntimes goes by is that of the tree.",
            category=Category.FAIR,
            source=f"{_FAIR} avg_vruntime_add, avg_vruntime_sub, update_zero_vruntime",
            at=_WALKS,
            names=_NAMES,
            given=_FEW,
            holds="cfs.sum_w_vruntime == "
            f"sum((e.vruntime - cfs.zero_vruntime) * {weight} for e in {_TREE})",
            since=since,
            until=until,
        ),
    )


FAIR = (
    Invariant(
        name="cfs-h-nr",
        says="A queue's tasks are those that can run and those whose dequeue is delayed.",
        category=Category.FAIR,
        source=f"{_FAIR} enqueue_task_fair, dequeue_entities, set_delayed",
        at=_COUNTS,
        names=_NAMES,
        holds="cfs.h_nr_queued == cfs.h_nr_runnable + cfs.h_nr_delayed",
        until=(7, 0),
    ),
    Invariant(
        name="cfs-h-nr-bounded",
        says="A queue has at least as many tasks as can run, and no more than there can be.",
        category=Category.FAIR,
        source=f"{_FAIR} enqueue_task_fair, dequeue_entities",
        at=_COUNTS,
        names=_NAMES,
        holds="cfs.h_nr_runnable <= cfs.h_nr_queued <= MOST_TASKS",
    ),
    Invariant(
        name="cfs-h-nr-idle",
        says="No more tasks of SCHED_IDLE are queued than tasks.",
        category=Category.FAIR,
        source=f"{_FAIR} enqueue_task_fair, dequeue_entities",
        at=_COUNTS,
        names=_NAMES,
        holds="cfs.h_nr_idle <= cfs.h_nr_queued",
    ),
    Invariant(
        name="cfs-weight-if-queued",
        says="A queue has a weight while it has entities, and none without.",
        category=Category.FAIR,
        source=f"{_FAIR} account_entity_enqueue, account_entity_dequeue",
        at=_COUNTS,
        names=_NAMES,
        holds="(cfs.load.weight != 0) == (cfs.nr_queued != 0)",
    ),
    Invariant(
        name="cfs-curr",
        says="A queue has a running entity just while a fair task runs.",
        category=Category.FAIR,
        source=f"{_FAIR} set_next_entity, put_prev_entity",
        at=(SWITCHED,),
        names=_NAMES,
        holds=f"(cfs.curr != 0) == ({_IS_FAIR})",
    ),
    Invariant(
        name="cfs-curr-chain",
        says="The running task's entity and its groups' are what runs on each of their queues, and "
        "queued there unless the task's group is throttled.",
        category=Category.ENTITY,
        source=f"{_FAIR} set_next_task_fair, put_prev_entity, throttle_cfs_rq",
        at=(TICKED_FAIR,),
        given=_IS_FAIR,
        holds="all(cfs_rq(e.cfs_rq).curr == e"
        " and (e.on_rq == 1 or cfs_rq(p.se.cfs_rq).throttle_count > 0)"
        " for e in upwards(address(p.se), 'sched_entity', 'parent'))",
    ),
    Invariant(
        name="entity-depth",
        says="An entity lies one level below that of its group.",
        category=Category.ENTITY,
        source="kernel/sched/sched.h set_task_rq, kernel/sched/fair.c init_tg_cfs_entry",
        at=(TICKED_FAIR,),
        given=_IS_FAIR,
        holds="all(e.depth == (sched_entity(e.parent).depth + 1 if e.parent != 0 else 0)"
        " for e in upwards(address(p.se), 'sched_entity', 'parent'))",
    ),
    Invariant(
        name="entity-queue-of-cpu",
        says="All queues above a queued task are of the runqueue that it was put on.",
        category=Category.ENTITY,
        source="kernel/sched/sched.h set_task_rq",
        at=(TICKED_FAIR,),
        given=_IS_FAIR,
        holds="all(cfs_rq(e.cfs_rq).rq == rq"
        " for e in upwards(address(p.se), 'sched_entity', 'parent'))",
    ),
    Invariant(
        name="cfs-next-buddy",
        says="The entity to prefer next is queued, and its dequeue not delayed.",
        category=Category.FAIR,
        source=f"{_FAIR} set_next_buddy, clear_buddies, pick_next_entity",
        at=_COUNTS,
        names=_NAMES,
        given="cfs.next != 0",
        holds="sched_entity(cfs.next).on_rq == 1 and sched_entity(cfs.next).sched_delayed == 0",
    ),
    Invariant(
        name="cfs-nr-queued",
        says="A queue counts the entities in its tree, and that which runs.",
        category=Category.FAIR,
        source=f"{_FAIR} account_entity_enqueue, __enqueue_entity",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds=f"cfs.nr_queued == count({_TREE}) + {_RUNS}",
    ),
    Invariant(
        name="cfs-empty-tree",
        says="A queue without entities has nothing in its tree.",
        category=Category.FAIR,
        source=f"{_FAIR} account_entity_enqueue, __enqueue_entity",
        at=_COUNTS,
        names=_NAMES,
        given="cfs.nr_queued == 0",
        holds="word(address(cfs.tasks_timeline)) == 0 and cfs.h_nr_queued == 0",
    ),
    Invariant(
        name="cfs-h-nr-sum",
        says="A queue's tasks are those of its entities: one of a task, those of a group's queue.",
        category=Category.FAIR,
        source=f"{_FAIR} enqueue_task_fair, dequeue_entities, throttle_cfs_rq",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds=f"cfs.h_nr_queued == {_with_running(_TASKS)}",
    ),
    Invariant(
        name="cfs-h-nr-delayed-sum",
        says="A queue's delayed tasks are those of its entities.",
        category=Category.FAIR,
        source=f"{_FAIR} set_delayed, clear_delayed",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds=f"cfs.h_nr_delayed == {_with_running(_DELAYED)}",
        until=(7, 0),
    ),
    Invariant(
        name="cfs-weight-sum",
        says="A queue weighs what its entities weigh.",
        category=Category.FAIR,
        source=f"{_FAIR} account_entity_enqueue, reweight_entity",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds=f"cfs.load.weight == {_with_running('e.load.weight')}",
    ),
    *_sums(_DOWN, (6, 12), (7, 0)),
    *_sums(_SHIFTED, (7, 0), None),
    Invariant(
        name="cfs-leftmost",
        says="The first entity has the earliest deadline.",
        category=Category.FAIR,
        source=f"{_FAIR} __enqueue_entity, entity_before",
        at=_WALKS,
        names=_NAMES,
        given="cfs.nr_queued <= 8 and cfs.tasks_timeline.rb_leftmost != 0",
        holds="(first := container(cfs.tasks_timeline.rb_leftmost, 'sched_entity', 'run_node'))"
        f" and all(e.deadline - first.deadline >= 0 for e in {_TREE})",
    ),
    Invariant(
        name="cfs-min-vruntime",
        says="The root of the tree knows the least vruntime in it.",
        category=Category.FAIR,
        source=f"{_FAIR} min_vruntime_update",
        at=_WALKS,
        names=_NAMES,
        given="cfs.nr_queued <= 8 and word(address(cfs.tasks_timeline)) != 0",
        holds="(top := container(word(address(cfs.tasks_timeline)), 'sched_entity', 'run_node'))"
        f" and all(e.vruntime - e.min_vruntime >= 0 and e.min_vruntime - top.min_vruntime >= 0"
        f" for e in {_TREE}) and any(e.vruntime == top.min_vruntime for e in {_TREE})",
    ),
    Invariant(
        name="entity-in-tree",
        says="What is in a queue's tree says that it is queued there, and does not run.",
        category=Category.ENTITY,
        source=f"{_FAIR} enqueue_entity, set_next_entity",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds=f"all(e.on_rq == 1 and e.cfs_rq == cfs and e != cfs.curr for e in {_TREE})",
    ),
    Invariant(
        name="entity-key",
        says="No entity is so far from the rest that its weight could overflow the sum.",
        category=Category.ENTITY,
        source=f"{_FAIR} entity_key, place_entity",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds="all(-FURTHEST_KEY < e.vruntime - cfs.zero_vruntime < FURTHEST_KEY"
        f" for e in {_TREE})",
    ),
    Invariant(
        name="entity-weight",
        says="A task weighs what one of the forty nice values or SCHED_IDLE does, a group at least"
        " what it must and at most what it may.",
        category=Category.ENTITY,
        source="kernel/sched/core.c set_load_weight, kernel/sched/fair.c calc_group_shares",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds="all(LIGHTEST <= e.load.weight <= HEAVIEST if e.my_q == 0"
        f" else MIN_SHARES <= e.load.weight <= MAX_SHARES for e in {_TREE})",
    ),
    Invariant(
        name="entity-delayed-group",
        says="A group whose dequeue is delayed has no tasks queued.",
        category=Category.ENTITY,
        source=f"{_FAIR} set_delayed, unthrottle_cfs_rq",
        at=_WALKS,
        names=_NAMES,
        given=_FEW,
        holds="all(e.sched_delayed == 0 or e.my_q == 0 or cfs_rq(e.my_q).h_nr_queued == 0"
        f" for e in {_TREE})",
    ),
    Invariant(
        name="entity-deadline",
        says="The task that runs has a deadline ahead of its vruntime once the tick saw it.",
        category=Category.ENTITY,
        source=f"{_FAIR} update_deadline",
        at=(TICKED_FAIR,),
        given="p.se.on_rq == 1 and p.se.sched_delayed == 0",
        holds="p.se.deadline - p.se.vruntime > 0",
    ),
    Invariant(
        name="entity-slice",
        says="A slice is some time, and not without bound.",
        category=Category.ENTITY,
        source=f"{_FAIR} update_deadline, cfs_rq_min_slice",
        at=(TICKED_FAIR,),
        given=_IS_FAIR,
        holds="all(0 < e.slice < LONGEST_SLICE"
        " for e in upwards(address(p.se), 'sched_entity', 'parent') if e.on_rq)",
    ),
    Invariant(
        name="entity-exec-runtime",
        says="The task that runs ran at least as long as it had when it was chosen.",
        category=Category.ENTITY,
        source=f"{_FAIR} set_next_entity, update_curr",
        at=(TICKED_FAIR,),
        holds="p.se.sum_exec_runtime - p.se.prev_sum_exec_runtime >= 0",
    ),
)
