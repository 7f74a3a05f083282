# SPDX-License-Identifier: Apache-2.0
"""Of fair queues since 7.3: all tasks of a CPU are in one tree, each with its share of its groups.

Groups are entities still, with queues that count and weigh what is in them; but they are in no
tree, have no slice, and none is delayed.
"""

from __future__ import annotations

from ktstr.introspect.invariants.instants import TICKED_FAIR
from ktstr.introspect.invariants.invariant import Category, Invariant
from ktstr.introspect.invariants.library.ways import (
    CHAIN,
    FAIR_C,
    FEW_TASKS,
    FLAT_SINCE,
    IS_FAIR,
    LEAVES,
    NAMES,
    RUNS,
    TREE,
    WALKS,
)

# the queue of a group lies beside the entity of it (kernel/sched/sched.h cfs_rq_se)
_GROUP = "cfs_tg_state(q).se"
_IS_GROUP = "q != cfs"
_ANY_GROUP = f"any({_IS_GROUP} for q in {LEAVES})"
# how many groups a task can be in for its weight to be worked out
_LEVELS = 4


def _of_root(each: str) -> str:
    """The sum of something over the tasks and groups that are entities of the root's queue."""
    runs, group = each.replace("e.", "sched_entity(cfs.curr)."), each.replace("e.", f"{_GROUP}.")
    return (
        f"sum({each} for e in {TREE} if e.cfs_rq == cfs)"
        f" + ({runs} if {RUNS} and sched_entity(cfs.curr).cfs_rq == cfs else 0)"
        f" + sum({group} for q in {LEAVES} if {_IS_GROUP}"
        f" and {_GROUP}.cfs_rq == cfs and {_GROUP}.on_rq == 1)"
    )


def _share(name: str, weight: str, entity: str) -> str:
    """What is left of a weight among an entity's siblings: __calc_prop_weight."""
    all_of = f"(cfs_rq({entity}.cfs_rq).load.weight if {entity}.parent != 0 else NICE_0_LOAD)"
    left = f"{name} := {weight} * {entity}.load.weight // {all_of}"
    return f"({name} if ({left}) >= MIN_SHARES else MIN_SHARES)"


def _weighs(level: int = 0, entity: str = "p.se", weight: str = "NICE_0_LOAD") -> str:
    """That the task's weight is what is left of it from here upwards; deeper ones are let pass."""
    share, group = f"share{level}", f"group{level + 1}"
    above = "1" if level == _LEVELS else _weighs(level + 1, group, share)
    return (
        f"({share} := {_share(f'part{level}', weight, entity)})"
        f" and (p.se.h_load.weight == {share} if {entity}.parent == 0"
        f" else ({group} := sched_entity({entity}.parent)) and {above})"
    )


FLAT = (
    Invariant(
        name="cfs-nr-queued",
        says="A queue counts its own tasks in the tree, that which runs, and its groups that have "
        "tasks.",
        category=Category.FAIR,
        source=f"{FAIR_C} account_entity_enqueue, enqueue_hierarchy, dequeue_hierarchy",
        at=WALKS,
        names=NAMES,
        given=FEW_TASKS,
        holds=f"cfs.nr_queued == {_of_root('(e.on_rq == 1)')}",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="cfs-h-nr-sum",
        says="A CPU's tasks are those in its tree, whatever their groups are, and that which runs.",
        category=Category.FAIR,
        source=f"{FAIR_C} enqueue_hierarchy, dequeue_hierarchy, __enqueue_entity",
        at=WALKS,
        names=NAMES,
        given=FEW_TASKS,
        holds=f"cfs.h_nr_queued == count({TREE}) + {RUNS}",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="cfs-weight-sum",
        says="A queue weighs what its own tasks and its groups that have tasks weigh.",
        category=Category.FAIR,
        source=f"{FAIR_C} account_entity_enqueue, reweight_entity",
        at=WALKS,
        names=NAMES,
        given=FEW_TASKS,
        holds=f"cfs.load.weight == {_of_root('e.load.weight')}",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="cfs-curr-chain",
        says="The running task is what runs of the tree, its entity and its groups' are those that "
        "run on each of their queues, and queued there unless the task's group is throttled.",
        category=Category.ENTITY,
        source=f"{FAIR_C} set_next_task_fair, put_prev_task_fair, throttle_cfs_rq",
        at=(TICKED_FAIR,),
        names=NAMES,
        given=IS_FAIR,
        holds="cfs.curr == address(p.se) and all(cfs_rq(e.cfs_rq).h_curr == e"
        " and (e.on_rq == 1 or cfs_rq(p.se.cfs_rq).throttle_count > 0)"
        f" for e in {CHAIN})",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="entity-in-tree",
        says="What is in the tree of a CPU is a task that is queued on this CPU, and does not run.",
        category=Category.ENTITY,
        source=f"{FAIR_C} __enqueue_entity, set_next_task_fair",
        at=WALKS,
        names=NAMES,
        given=FEW_TASKS,
        holds="all(e.on_rq == 1 and e.my_q == 0 and cfs_rq(e.cfs_rq).rq == rq and e != cfs.curr"
        f" for e in {TREE})",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="entity-weight",
        says="A task weighs what one of the forty nice values or SCHED_IDLE does, and in the tree "
        "at least what it must.",
        category=Category.ENTITY,
        source="kernel/sched/core.c set_load_weight, kernel/sched/fair.c __calc_prop_weight",
        at=WALKS,
        names=NAMES,
        given=FEW_TASKS,
        holds="all(LIGHTEST <= e.load.weight <= HEAVIEST and e.h_load.weight >= MIN_SHARES"
        f" for e in {TREE})",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="entity-share",
        says="The task that runs weighs in the tree its share of what each group above it does.",
        category=Category.ENTITY,
        source=f"{FAIR_C} task_tick_fair, __calc_prop_weight",
        at=(TICKED_FAIR,),
        given="p.se.on_rq == 1",
        holds=_weighs(),
        since=FLAT_SINCE,
    ),
    Invariant(
        name="entity-slice",
        says="A task's slice is some time, and not without bound.",
        category=Category.ENTITY,
        source=f"{FAIR_C} update_deadline, place_entity",
        at=(TICKED_FAIR,),
        given=f"{IS_FAIR} and p.se.on_rq == 1",
        holds="0 < p.se.slice < LONGEST_SLICE",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="group-queued",
        says="A group is queued just while its queue has entities, and its dequeue never delayed.",
        category=Category.GROUP,
        source=f"{FAIR_C} enqueue_hierarchy, dequeue_hierarchy",
        at=(TICKED_FAIR,),
        names=NAMES,
        given=_ANY_GROUP,
        holds=f"all({_GROUP}.on_rq == (q.nr_queued != 0) and {_GROUP}.sched_delayed == 0"
        f" for q in {LEAVES} if {_IS_GROUP})",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="group-weight",
        says="A group that is queued weighs at least what it must.",
        category=Category.GROUP,
        source=f"{FAIR_C} __calc_smp_shares",
        at=(TICKED_FAIR,),
        names=NAMES,
        given=_ANY_GROUP,
        holds=f"all({_GROUP}.on_rq == 0 or {_GROUP}.load.weight >= MIN_SHARES"
        f" for q in {LEAVES} if {_IS_GROUP})",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="group-without-tree",
        says="A group's queue has no tree, and nothing of its own to pick.",
        category=Category.GROUP,
        source=f"{FAIR_C} __enqueue_entity, set_next_task_fair, set_next_buddy",
        at=(TICKED_FAIR,),
        names=NAMES,
        given=_ANY_GROUP,
        holds="all(word(address(q.tasks_timeline)) == 0 and q.curr == 0 and q.next == 0"
        f" for q in {LEAVES} if {_IS_GROUP})",
        since=FLAT_SINCE,
    ),
    Invariant(
        name="group-runnable-avg",
        says="The waiting for CPUs of a group's tasks over all CPUs is not negative.",
        category=Category.GROUP,
        source=f"{FAIR_C} update_tg_load_avg, clear_tg_load_avg",
        at=(TICKED_FAIR,),
        given=f"{IS_FAIR} and p.se.parent != 0",
        holds="all(task_group(cfs_rq(e.my_q).tg).runnable_avg.counter >= 0"
        f" for e in {CHAIN} if e.my_q != 0)",
        since=FLAT_SINCE,
    ),
)
