# SPDX-License-Identifier: Apache-2.0
"""Of load tracking: sums, averages and their clocks."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import TICKED, TICKED_FAIR
from ktstr.introspect.invariants.invariant import Category, Invariant

_PELT = "kernel/sched/pelt.c"
_FAIR = "kernel/sched/fair.c"
_NAMES = {"cfs": "cfs_rq(address(rq.cfs))"}
_SIGNALS = ("load", "util", "runnable")


def _no_average_without_sum(signal: str) -> Invariant:
    return Invariant(
        name=f"cfs-{signal}-sum",
        says=f"A queue has no average of {signal} without a sum that it is of.",
        category=Category.PELT,
        source=f"{_FAIR} update_cfs_rq_load_avg, cfs_rq_is_decayed",
        at=(TICKED_FAIR,),
        names=_NAMES,
        holds=f"cfs.avg.{signal}_sum != 0 or cfs.avg.{signal}_avg == 0",
    )


PELT = (
    *(_no_average_without_sum(signal) for signal in _SIGNALS),
    Invariant(
        name="cfs-util-divider",
        says="A queue's sum of use is at least its average times the least divider.",
        category=Category.PELT,
        source=f"{_FAIR} update_cfs_rq_load_avg, update_tg_cfs_util",
        at=(TICKED_FAIR,),
        names=_NAMES,
        holds="cfs.avg.util_sum >= cfs.avg.util_avg * PELT_MIN_DIVIDER",
    ),
    Invariant(
        name="entity-util-avg",
        says="A task uses no more than a whole CPU, and waits for no more.",
        category=Category.PELT,
        source=f"{_PELT} ___update_load_avg",
        at=(TICKED_FAIR,),
        holds="p.se.avg.util_avg <= SCALE and p.se.avg.runnable_avg <= SCALE",
    ),
    Invariant(
        name="entity-util-sum",
        says="A task has no average of use without a sum that it is of.",
        category=Category.PELT,
        source=f"{_PELT} ___update_load_avg",
        at=(TICKED_FAIR,),
        holds="(p.se.avg.util_sum != 0 or p.se.avg.util_avg == 0)"
        " and (p.se.avg.load_sum != 0 or p.se.avg.load_avg == 0)",
    ),
    Invariant(
        name="pelt-period",
        says="What is left of a period of PELT is less than one.",
        category=Category.PELT,
        source=f"{_PELT} accumulate_sum",
        at=(TICKED_FAIR,),
        names=_NAMES,
        holds="cfs.avg.period_contrib < 1024 and p.se.avg.period_contrib < 1024",
    ),
    Invariant(
        name="cfs-pelt-clock",
        says="A queue's load was not brought up to a time that is still to come.",
        category=Category.PELT,
        source="kernel/sched/pelt.h cfs_rq_clock_pelt",
        at=(TICKED_FAIR,),
        names=_NAMES,
        holds="rq.clock_pelt - rq.lost_idle_time - cfs.avg.last_update_time >= 0",
    ),
    Invariant(
        name="entity-pelt-clock",
        says="A task's load is brought up to the time of its queue's, or earlier.",
        category=Category.PELT,
        source=f"{_FAIR} update_load_avg",
        at=(TICKED_FAIR,),
        holds="cfs_rq(p.se.cfs_rq).avg.last_update_time - p.se.avg.last_update_time >= 0",
    ),
    Invariant(
        name="rq-class-util",
        says="Real-time and deadline tasks use no more than a whole CPU.",
        category=Category.PELT,
        source=f"{_PELT} update_rt_rq_load_avg, update_dl_rq_load_avg",
        at=TICKED,
        holds="rq.avg_rt.util_avg <= SCALE and rq.avg_dl.util_avg <= SCALE",
    ),
    Invariant(
        name="cfs-removed",
        says="No fewer than 0 entities left a queue while they slept.",
        category=Category.PELT,
        source=f"{_FAIR} remove_entity_load_avg",
        at=(TICKED_FAIR,),
        names=_NAMES,
        holds="cfs.removed.nr >= 0",
    ),
)
