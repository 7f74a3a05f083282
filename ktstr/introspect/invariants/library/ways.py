# SPDX-License-Identifier: Apache-2.0
"""What invariants of the fair class speak of and go along."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import LEFT_FAIR, PUT_FAIR, TICKED_FAIR

FAIR_C = "kernel/sched/fair.c"
# the queue of the root: what else a CPU has are those of its groups
NAMES = {"cfs": "cfs_rq(address(rq.cfs))"}
COUNTS = (PUT_FAIR, LEFT_FAIR, TICKED_FAIR)
# along the tree, which costs the more the longer it is
WALKS = (TICKED_FAIR,)
TREE = "nodes(address(cfs.tasks_timeline), 'sched_entity', 'run_node')"
# the entity that runs is on the queue, but not in the tree
RUNS = "(cfs.curr != 0 and sched_entity(cfs.curr).on_rq)"
IS_FAIR = "p.sched_class == symbol('fair_sched_class')"
CHAIN = "upwards(address(p.se), 'sched_entity', 'parent')"
LEAVES = "entries(address(rq.leaf_cfs_rq_list), 'cfs_rq', 'leaf_cfs_rq_list')"
# from here on the tree of a CPU has the tasks of all groups, and no groups
FLAT_SINCE = (7, 3)
# how many entities a tree may have that is gone along
FEW, FEW_TASKS = "0 < cfs.nr_queued <= 8", "0 < cfs.h_nr_queued <= 8"
