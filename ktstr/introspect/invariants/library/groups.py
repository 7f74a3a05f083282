# SPDX-License-Identifier: Apache-2.0
"""Of task groups, the leaf list that load tracking goes along, and bandwidth control."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import (
    LEFT_FAIR,
    PUT_FAIR,
    THROTTLED,
    TICKED_FAIR,
    UNTHROTTLED,
)
from ktstr.introspect.invariants.invariant import Category, Invariant, Version
from ktstr.introspect.invariants.library.ways import CHAIN, FAIR_C, IS_FAIR, LEAVES

_IN_GROUP = f"{IS_FAIR} and p.se.parent != 0"
# what a group has for this CPU: an entry of its arrays, in 7.2 its part of this CPU's area
_ENTRY = "word({0} + 8 * rq.cpu)"
_PART = "({0} + rq - symbol('runqueues'))"
_PARTS_SINCE = (7, 2)
# the entity of a group's queue is found by an entry, or lies beside the queue
_ENTITY_OF_ENTRY = f"{_ENTRY.format('task_group(cfs_rq(e.my_q).tg).se')} == e"
_ENTITY_BESIDE = "address(cfs_tg_state(e.my_q).se) == e"
_UNTHROTTLED = "cfs.throttled == 0 and cfs.throttle_count >= 0 and cfs.throttled_clock == 0"


def _of_cpu(
    of_cpu: str, entity: str, since: Version, until: Version | None
) -> tuple[Invariant, ...]:
    """Those that ask what a group has for a CPU: kernel/sched/sched.h tg_cfs_rq, tg_se."""
    parent = of_cpu.format("task_group(task_group(q.tg).parent).cfs_rq")
    return (
        Invariant(
            name="group-entity",
            says="A group's entity and queue of a CPU are those that its tasks are queued through.",
            category=Category.GROUP,
            source="kernel/sched/fair.c init_tg_cfs_entry",
            at=(TICKED_FAIR,),
            given=_IN_GROUP,
            holds=f"all({entity}"
            f" and {of_cpu.format('task_group(cfs_rq(e.my_q).tg).cfs_rq')} == e.my_q"
            f" for e in {CHAIN} if e.my_q != 0)",
            since=since,
            until=until,
        ),
        Invariant(
            name="leaf-list-alive",
            says="What is on a CPU's leaf list is the queue that a group has for this CPU.",
            category=Category.LEAF,
            source=f"{FAIR_C} unregister_fair_sched_group",
            at=(TICKED_FAIR,),
            holds="all(q == address(rq.cfs) or"
            f" {of_cpu.format('task_group(q.tg).cfs_rq')} == q for q in {LEAVES})",
            since=since,
            until=until,
        ),
        Invariant(
            name="leaf-list-parents",
            says="The parent of a queue on the leaf list that has entities is on it, too.",
            category=Category.LEAF,
            source=f"{FAIR_C} list_add_leaf_cfs_rq, assert_list_leaf_cfs_rq",
            at=(TICKED_FAIR,),
            given="rq.tmp_alone_branch == address(rq.leaf_cfs_rq_list)",
            # a parent whose load is gone leaves before a child whose load is not: it looks for
            # children right before itself alone (child_cfs_rq_on_list)
            holds="all(q == address(rq.cfs) or q.nr_queued == 0"
            f" or cfs_rq({parent}).on_list == 1 for q in {LEAVES})",
            since=since,
            until=until,
        ),
    )


GROUPS = (
    *_of_cpu(_ENTRY, _ENTITY_OF_ENTRY, (6, 12), _PARTS_SINCE),
    *_of_cpu(_PART, _ENTITY_BESIDE, _PARTS_SINCE, None),
    Invariant(
        name="group-parent",
        says="A group's entity is queued in the queue of its parent group.",
        category=Category.GROUP,
        source="kernel/sched/fair.c init_tg_cfs_entry",
        at=(TICKED_FAIR,),
        given=_IN_GROUP,
        holds=f"all(e.parent == 0 or sched_entity(e.parent).my_q == e.cfs_rq for e in {CHAIN})",
    ),
    Invariant(
        name="group-h-nr",
        says="No group has more tasks queued than the queue that it is in, unless it is throttled.",
        category=Category.GROUP,
        source=f"{FAIR_C} enqueue_task_fair, dequeue_entities",
        at=(TICKED_FAIR,),
        given=_IN_GROUP,
        holds="all(e.on_rq == 0 or cfs_rq(e.my_q).h_nr_queued <= cfs_rq(e.cfs_rq).h_nr_queued"
        f" for e in {CHAIN} if e.my_q != 0)",
    ),
    Invariant(
        name="group-shares",
        says="A group's shares are some, and not without bound.",
        category=Category.GROUP,
        source=f"{FAIR_C} __sched_group_set_shares",
        at=(TICKED_FAIR,),
        given=_IN_GROUP,
        holds="all(MIN_SHARES <= task_group(cfs_rq(e.my_q).tg).shares <= MAX_SHARES"
        f" for e in {CHAIN} if e.my_q != 0)",
    ),
    Invariant(
        name="group-quota-known",
        says="A group with a quota is one below a quota, too: the tick goes on for its tasks.",
        category=Category.GROUP,
        source="kernel/sched/core.c tg_cfs_schedulable_down",
        at=(TICKED_FAIR,),
        given=_IN_GROUP,
        holds="all(task_group(cfs_rq(e.my_q).tg).cfs_bandwidth.quota + 1 == 0"
        " or task_group(cfs_rq(e.my_q).tg).cfs_bandwidth.hierarchical_quota + 1 != 0"
        f" for e in {CHAIN} if e.my_q != 0)",
    ),
    Invariant(
        name="group-load-avg",
        says="The load of a group over all CPUs is not negative.",
        category=Category.GROUP,
        source=f"{FAIR_C} update_tg_load_avg, clear_tg_load_avg",
        at=(TICKED_FAIR,),
        given=_IN_GROUP,
        holds="all(task_group(cfs_rq(e.my_q).tg).load_avg.counter >= 0"
        f" for e in {CHAIN} if e.my_q != 0)",
    ),
    Invariant(
        name="leaf-list",
        says="What is on a CPU's leaf list says so, and is of this CPU.",
        category=Category.LEAF,
        source=f"{FAIR_C} list_add_leaf_cfs_rq, list_del_leaf_cfs_rq",
        at=(TICKED_FAIR,),
        holds=f"all(q.on_list == 1 and q.rq == rq for q in {LEAVES})",
    ),
    Invariant(
        name="leaf-branch",
        says="No branch of the leaf list is left unconnected.",
        category=Category.LEAF,
        source=f"{FAIR_C} assert_list_leaf_cfs_rq",
        at=(PUT_FAIR, LEFT_FAIR, UNTHROTTLED),
        holds="rq.tmp_alone_branch == address(rq.leaf_cfs_rq_list)",
    ),
    Invariant(
        name="leaf-active",
        says="Each queue above a queued task is on the leaf list, unless it is throttled.",
        category=Category.LEAF,
        source=f"{FAIR_C} enqueue_entity",
        at=(TICKED_FAIR,),
        given=IS_FAIR,
        holds="all(cfs_rq(e.cfs_rq).on_list == 1 or cfs_rq(e.cfs_rq).throttle_count > 0"
        f" for e in {CHAIN} if e.on_rq)",
    ),
    Invariant(
        name="throttle-count",
        says="A queue is throttled as often as the one above it, and once more by itself.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} tg_throttle_down, tg_unthrottle_up, sync_throttle",
        at=(TICKED_FAIR,),
        given=_IN_GROUP,
        holds="all(cfs_rq(e.my_q).throttle_count == cfs_rq(e.cfs_rq).throttle_count"
        f" + cfs_rq(e.my_q).throttled for e in {CHAIN} if e.my_q != 0)",
    ),
    Invariant(
        name="throttle-count-not-negative",
        says="No queue is unthrottled more often than it was throttled.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} tg_unthrottle_up",
        at=(TICKED_FAIR,),
        given=IS_FAIR,
        holds=f"all(cfs_rq(e.cfs_rq).throttle_count >= 0 for e in {CHAIN})",
    ),
    Invariant(
        name="throttled-queue",
        says="A throttled queue says so, has nothing left to spend and is off the leaf list.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} throttle_cfs_rq",
        at=(THROTTLED,),
        given="result() & 0xff != 0",
        holds="cfs.throttled == 1 and cfs.throttle_count > 0 and cfs.runtime_remaining <= 0"
        " and cfs.on_list == 0",
        until=(6, 18),
    ),
    Invariant(
        name="throttled-entity",
        says="The group of a queue that was throttled is not queued.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} throttle_cfs_rq",
        at=(THROTTLED,),
        given="result() & 0xff != 0",
        holds="sched_entity(word(task_group(cfs.tg).se + 8 * rq.cpu)).on_rq == 0",
        until=(6, 18),
    ),
    Invariant(
        name="throttled-list",
        says="A queue that was throttled waits on its group's list for more to spend.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} throttle_cfs_rq",
        at=(THROTTLED,),
        given="result() & 0xff != 0",
        holds="word(address(cfs.throttled_list)) != address(cfs.throttled_list)"
        " and word(word(address(cfs.throttled_list)) + 8) == address(cfs.throttled_list)",
    ),
    Invariant(
        name="throttled-with-limit",
        says="Only a queue with a limit is throttled.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} check_cfs_rq_runtime",
        at=(THROTTLED,),
        given="result() & 0xff != 0",
        holds="cfs.runtime_enabled == 1",
    ),
    Invariant(
        name="unthrottled-queue",
        says="A queue that was unthrottled says so.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} unthrottle_cfs_rq",
        at=(UNTHROTTLED,),
        holds=_UNTHROTTLED,
        until=(6, 18),
    ),
    Invariant(
        name="unthrottled-queue",
        says="A queue that was unthrottled says so, unless it has nothing to spend any more.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} unthrottle_cfs_rq",
        at=(UNTHROTTLED,),
        given="cfs.runtime_enabled == 0 or cfs.runtime_remaining > 0",
        holds=_UNTHROTTLED,
        since=(6, 18),
    ),
    Invariant(
        name="throttled-periods",
        says="A group was throttled in no more periods than there were.",
        category=Category.THROTTLING,
        source=f"{FAIR_C} do_sched_cfs_period_timer",
        at=(THROTTLED, UNTHROTTLED),
        names={"limit": "cfs_bandwidth(address(task_group(cfs.tg).cfs_bandwidth))"},
        holds="0 <= limit.nr_throttled <= limit.nr_periods",
    ),
)
