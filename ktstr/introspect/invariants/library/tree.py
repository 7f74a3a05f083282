# SPDX-License-Identifier: Apache-2.0
"""Of the tree of the root's fair queue, whatever its entities are: EEVDF's order and sums."""

from __future__ import annotations

from ktstr.introspect.invariants.invariant import Category, Invariant, Version
from ktstr.introspect.invariants.library.ways import (
    FAIR_C,
    FEW,
    FEW_TASKS,
    FLAT_SINCE,
    NAMES,
    TREE,
    WALKS,
)

_TOP = "word(address(cfs.tasks_timeline))"
# scale_load_down, which leaves nothing without weight
_DOWN = "(e.load.weight >> 10 if e.load.weight >= 2 << 10 else 2)"


def _shifted(weight: str) -> str:
    """As it is in 7.x, until a sum would overflow."""
    less = f"{weight} >> cfs.sum_shift"
    return f"({weight} if cfs.sum_shift == 0 else {less} if {less} >= 2 else 2)"


def _sums(
    weight: str, few: str, since: Version, until: Version | None = None
) -> tuple[Invariant, ...]:
    """What the average of vruntimes is made of; `weight` is how an entity counts there."""
    return (
        Invariant(
            name="cfs-sum-weight",
            says="The weight that the average of vruntimes goes by is that of the tree.",
            category=Category.FAIR,
            source=f"{FAIR_C} avg_vruntime_add, avg_vruntime_sub",
            at=WALKS,
            names=NAMES,
            given=few,
            holds=f"cfs.sum_weight == sum({weight} for e in {TREE})",
            since=since,
            until=until,
        ),
        Invariant(
            name="cfs-sum-vruntime",
            says="The sum that the average of vruntimes goes by is that of the tree.",
            category=Category.FAIR,
            source=f"{FAIR_C} avg_vruntime_add, avg_vruntime_sub, update_zero_vruntime",
            at=WALKS,
            names=NAMES,
            given=few,
            holds="cfs.sum_w_vruntime == "
            f"sum((e.vruntime - cfs.zero_vruntime) * {weight} for e in {TREE})",
            since=since,
            until=until,
        ),
    )


def _orders(
    counter: str, few: str, since: Version, until: Version | None = None
) -> tuple[Invariant, ...]:
    """How entities lie in it; `counter` is how many there are."""
    return (
        Invariant(
            name="cfs-leftmost",
            says="The first entity has the earliest deadline.",
            category=Category.FAIR,
            source=f"{FAIR_C} __enqueue_entity, entity_before",
            at=WALKS,
            names=NAMES,
            given=f"{counter} <= 8 and cfs.tasks_timeline.rb_leftmost != 0",
            holds="(first := container(cfs.tasks_timeline.rb_leftmost, 'sched_entity', 'run_node'))"
            f" and all(e.deadline - first.deadline >= 0 for e in {TREE})",
            since=since,
            until=until,
        ),
        Invariant(
            name="cfs-min-vruntime",
            says="The root of the tree knows the least vruntime in it.",
            category=Category.FAIR,
            source=f"{FAIR_C} min_vruntime_update",
            at=WALKS,
            names=NAMES,
            given=f"{counter} <= 8 and {_TOP} != 0",
            holds=f"(top := container({_TOP}, 'sched_entity', 'run_node'))"
            " and all(e.vruntime - e.min_vruntime >= 0 and e.min_vruntime - top.min_vruntime >= 0"
            f" for e in {TREE}) and any(e.vruntime == top.min_vruntime for e in {TREE})",
            since=since,
            until=until,
        ),
        Invariant(
            name="entity-key",
            says="No entity is so far from the rest that its weight could overflow the sum.",
            category=Category.ENTITY,
            source=f"{FAIR_C} entity_key, place_entity",
            at=WALKS,
            names=NAMES,
            given=few,
            holds="all(-FURTHEST_KEY < e.vruntime - cfs.zero_vruntime < FURTHEST_KEY"
            f" for e in {TREE})",
            since=since,
            until=until,
        ),
    )


_FIRST, _SHIFTS_SINCE = (6, 12), (7, 0)

TREES = (
    *_sums(_DOWN, FEW, _FIRST, _SHIFTS_SINCE),
    *_sums(_shifted("e.load.weight"), FEW, _SHIFTS_SINCE, FLAT_SINCE),
    *_sums(_shifted("e.h_load.weight"), FEW_TASKS, FLAT_SINCE),
    *_orders("cfs.nr_queued", FEW, _FIRST, FLAT_SINCE),
    *_orders("cfs.h_nr_queued", FEW_TASKS, FLAT_SINCE),
)
