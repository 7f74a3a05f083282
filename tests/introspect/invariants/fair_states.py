# SPDX-License-Identifier: Apache-2.0
"""States of the fair class, in kernels whose groups have trees and in those with one tree a CPU."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import LEFT_FAIR, PUT_FAIR, SWITCHED, TICKED_FAIR
from tests.introspect.invariants.state import CPUS, WEIGHT, State


def is_flat(state: State) -> bool:
    """Whether all tasks of a CPU are in one tree, as since 7.3."""
    return state.has("cfs_rq", "h_curr")


def group_of(state: State, rq: int) -> tuple[int, int, int]:
    """A group with a queue on CPU 0: the group, its entity, its queue."""
    root, group = state.new("task_group"), state.new("task_group")
    top = rq + state.at("rq", "cfs")
    if state.layout.has_field("task_group", "se"):
        cfs, entity, arrays = state.new("cfs_rq"), state.new("sched_entity"), state.new("cfs_rq")
        for number, (owner, mine, its) in enumerate(((root, top, 0), (group, cfs, entity))):
            queues, entities = arrays + 64 * number, arrays + 64 * number + 32
            state.put(owner, "task_group", cfs_rq=queues, se=entities, shares=WEIGHT)
            state.word(queues, mine)
            state.word(entities, its)
    else:
        cfs = state.new("cfs_tg_state")
        entity = cfs + state.at("cfs_tg_state", "se")
        for owner, mine in ((root, top), (group, cfs)):
            state.put(owner, "task_group", cfs_rq=mine - state.areas[0], shares=WEIGHT)
    state.put(group, "task_group", parent=root)
    state.put(rq, "rq", cfs__tg=root)
    state.put(cfs, "cfs_rq", rq=rq, tg=group, on_list=1)
    state.put(entity, "sched_entity", my_q=cfs, cfs_rq=top, on_rq=1, load__weight=WEIGHT)
    if not is_flat(state):
        state.put(entity, "sched_entity", slice=3000000)
    leaves = [
        cfs + state.at("cfs_rq", "leaf_cfs_rq_list"),
        top + state.at("cfs_rq", "leaf_cfs_rq_list"),
    ]
    state.chain(rq + state.at("rq", "leaf_cfs_rq_list"), leaves)
    return group, entity, cfs


def fair(state: State) -> State:
    """A task of a group runs and others wait; the dequeue of one is delayed."""
    for cpu in range(CPUS):
        state.queue(cpu)
    rq = state.queues[0]
    _, entity, cfs = group_of(state, rq)
    runs = state.task("fair")
    state.runs(rq, runs)
    state.put(runs, "task_struct", se__parent=entity, se__depth=1, se__cfs_rq=cfs, se__on_rq=1)
    state.put(runs, "task_struct", se__deadline=4000, se__vruntime=1000)
    state.put(runs, "task_struct", se__sum_exec_runtime=500, se__prev_sum_exec_runtime=400)
    state.put(runs, "task_struct", se__avg__util_avg=500, se__avg__util_sum=500 * 47000)
    state.put(runs, "task_struct", se__avg__load_avg=600, se__avg__load_sum=40000)
    top = rq + state.at("rq", "cfs")
    for signal in ("load", "util", "runnable"):
        state.set(top, "cfs_rq", f"avg.{signal}_avg", 700)
        state.set(top, "cfs_rq", f"avg.{signal}_sum", 700 * 47000)
    (_in_one_tree if is_flat(state) else _in_trees)(state, runs, entity, cfs)
    state.comes(SWITCHED, rq)
    state.comes(PUT_FAIR, rq, runs)
    state.comes(LEFT_FAIR, rq)
    state.comes(TICKED_FAIR, rq, runs)
    return state


def _in_trees(state: State, runs: int, entity: int, cfs: int) -> None:
    """Its group is what runs of the root's queue; another group's dequeue is delayed, too."""
    rq = state.queues[0]
    top, se = rq + state.at("rq", "cfs"), state.at("task_struct", "se")
    state.put(cfs, "cfs_rq", curr=runs + se, nr_queued=1, h_nr_queued=1, h_nr_runnable=1)
    state.put(cfs, "cfs_rq", load__weight=WEIGHT)
    state.put(top, "cfs_rq", curr=entity, nr_queued=4, h_nr_queued=3, h_nr_runnable=2)
    state.put(top, "cfs_rq", load__weight=4 * WEIGHT, zero_vruntime=1000)
    state.put_all(top, "cfs_rq", h_nr_delayed=1)
    waits, late = _waiting(state)
    # weights are scaled down where no shift of the sums is kept
    weight = WEIGHT if state.has("cfs_rq", "sum_shift") else WEIGHT >> 10
    state.put(top, "cfs_rq", sum_weight=3 * weight, sum_w_vruntime=400 * weight, next=waits + se)
    gone, empty = state.new("sched_entity"), state.new("cfs_rq")
    state.put(gone, "sched_entity", my_q=empty, cfs_rq=top, on_rq=1, load__weight=WEIGHT)
    state.put(gone, "sched_entity", sched_delayed=1, vruntime=1000, deadline=7000)
    state.put(gone, "sched_entity", min_vruntime=1000)
    node = state.at("sched_entity", "run_node")
    nodes = [waits + se + node, late + se + node, gone + node]
    state.tree(top + state.at("cfs_rq", "tasks_timeline"), nodes)
    state.put(rq, "rq", nr_running=3)


def _in_one_tree(state: State, runs: int, entity: int, cfs: int) -> None:
    """Another task of its group waits; both have a half of what the group weighs."""
    rq = state.queues[0]
    top, se = rq + state.at("rq", "cfs"), state.at("task_struct", "se")
    waits, late = _waiting(state)
    mate = state.task("fair")
    state.put(mate, "task_struct", se__parent=entity, se__depth=1, se__cfs_rq=cfs, se__on_rq=1)
    state.put(mate, "task_struct", se__vruntime=1000, se__min_vruntime=1000, se__deadline=7000)
    for task in (runs, mate):
        state.put(task, "task_struct", se__h_load__weight=WEIGHT // 2)
    state.put(cfs, "cfs_rq", h_curr=runs + se, nr_queued=2, h_nr_queued=2, h_nr_runnable=2)
    state.put(cfs, "cfs_rq", load__weight=2 * WEIGHT)
    state.put(top, "cfs_rq", curr=runs + se, h_curr=entity, next=waits + se)
    state.put(top, "cfs_rq", nr_queued=3, h_nr_queued=4, h_nr_runnable=3)
    state.put(top, "cfs_rq", load__weight=3 * WEIGHT, zero_vruntime=1000)
    state.put(top, "cfs_rq", sum_weight=5 * WEIGHT // 2, sum_w_vruntime=400 * WEIGHT)
    node = state.at("sched_entity", "run_node")
    nodes = [task + se + node for task in (waits, late, mate)]
    state.tree(top + state.at("cfs_rq", "tasks_timeline"), nodes)
    state.put(rq, "rq", nr_running=4)


def _waiting(state: State) -> tuple[int, int]:
    """Two tasks of the root's queue that wait; the dequeue of the second is delayed."""
    top = state.queues[0] + state.at("rq", "cfs")
    waits, late = state.task("fair"), state.task("fair")
    for task, vruntime, deadline in ((waits, 1500, 5000), (late, 900, 6000)):
        state.put(task, "task_struct", se__cfs_rq=top, se__on_rq=1, se__min_vruntime=900)
        state.put(task, "task_struct", se__vruntime=vruntime, se__deadline=deadline)
        state.put_all(task, "task_struct", se__h_load__weight=WEIGHT)
    state.put(late, "task_struct", se__sched_delayed=1)
    return waits, late
