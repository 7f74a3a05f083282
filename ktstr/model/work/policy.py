# SPDX-License-Identifier: Apache-2.0
"""Scheduling policies, the weights that tasks have under them, and who of a group has which."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Policy(StrEnum):
    """Scheduling policies of sched(7); EXT is SCHED_EXT asked for by name."""

    NORMAL = "normal"
    BATCH = "batch"
    IDLE = "idle"
    FIFO = "fifo"
    RR = "rr"
    DEADLINE = "deadline"
    EXT = "ext"


class Role(NamedTuple):
    """A worker's policy, real-time priority and nice value."""

    policy: Policy
    rt_priority: int
    nice: int


REAL_TIME = (Policy.FIFO, Policy.RR)
WITH_NICE = (Policy.NORMAL, Policy.BATCH, Policy.EXT)

# kernel/sched/core.c sched_prio_to_weight[]: each nice step is about 1.25 times the weight
NICE_WEIGHTS = (
    88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
    9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
    1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
    110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
)  # fmt: skip
IDLE_WEIGHT = 3


def load_weight(policy: Policy, nice: int) -> int:
    """The fair-class load weight of a task; 0 for policies above that class, which have none."""
    if policy is Policy.IDLE:
        return IDLE_WEIGHT
    if policy in (*REAL_TIME, Policy.DEADLINE):
        return 0
    return NICE_WEIGHTS[nice + 20]
