# SPDX-License-Identifier: Apache-2.0
"""Of utilization clamps, which a kernel has with CONFIG_UCLAMP_TASK."""

from __future__ import annotations

from ktstr.introspect.invariants.instants import PUT, SWITCHED
from ktstr.introspect.invariants.invariant import Category, Invariant

_CORE = "kernel/sched/core.c"
_IDLE = 1  # UCLAMP_FLAG_IDLE of kernel/sched/sched.h
# 5 of them unless CONFIG_UCLAMP_BUCKETS_COUNT says otherwise
_BUCKETS = "length('rq', 'uclamp[1].bucket')"
# a task is counted only once its class has put it on its queue: enqueue_task() of 6.12.107
_TASKS = (
    "any(uclamp_bucket(address(rq.uclamp[1].bucket) + 8 * bucket).tasks != 0"
    f" for bucket in range({_BUCKETS}))"
)

CLAMPS = (
    Invariant(
        name="uclamp-task",
        says="What a task asks for at least is not above what it may at most.",
        category=Category.CLAMP,
        source=f"{_CORE} uclamp_eff_get, uclamp_validate",
        at=(SWITCHED, *PUT),
        given="p.uclamp[0].active and p.uclamp[1].active",
        holds="p.uclamp[0].value <= p.uclamp[1].value <= SCALE",
    ),
    Invariant(
        name="uclamp-bucket",
        says="The bucket that a task is counted in is one of those that there are.",
        category=Category.CLAMP,
        source=f"{_CORE} uclamp_bucket_id",
        at=PUT,
        holds=f"p.uclamp[0].bucket_id < {_BUCKETS} and p.uclamp[1].bucket_id < {_BUCKETS}",
    ),
    Invariant(
        name="uclamp-queue",
        says="A runqueue's clamps are at most a whole CPU.",
        category=Category.CLAMP,
        source=f"{_CORE} uclamp_rq_inc_id, uclamp_rq_dec_id",
        at=(SWITCHED, *PUT),
        holds="rq.uclamp[0].value <= SCALE and rq.uclamp[1].value <= SCALE",
    ),
    Invariant(
        name="uclamp-idle",
        says="A runqueue with clamped tasks does not keep the clamp of its idle time.",
        category=Category.CLAMP,
        source=f"{_CORE} uclamp_rq_inc, uclamp_idle_reset",
        at=(SWITCHED, *PUT),
        given=_TASKS,
        holds=f"rq.uclamp_flags & {_IDLE} == 0",
    ),
)
