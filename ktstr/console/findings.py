# SPDX-License-Identifier: Apache-2.0
"""What the kernel's console says about a run, as the classifier of `ktstr.console` found it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ConsoleKind(StrEnum):
    """What a passage of the console is, worst first."""

    PANIC = "panic"
    OOPS = "oops"
    BUG = "bug"
    KASAN = "kasan"
    SLUB = "slub"
    LIST_CORRUPTION = "list_corruption"
    REFCOUNT = "refcount"
    DEADLOCK = "deadlock"
    HARD_LOCKUP = "hard_lockup"
    CSD_LOCK = "csd_lock"
    SOFT_LOCKUP = "soft_lockup"
    RCU_STALL = "rcu_stall"
    WORKQUEUE_STALL = "workqueue_stall"
    HUNG_TASK = "hung_task"
    SOFTIRQ = "softirq"
    OOM = "oom"
    SCHED_EXT = "sched_ext"
    WARNING = "warning"
    WORKQUEUE_HOG = "workqueue_hog"
    BOOT_PARAMETER = "boot_parameter"


# what the kernel only remarks on: nothing has gone wrong in the guest
NO_FAULT = frozenset({ConsoleKind.WORKQUEUE_HOG, ConsoleKind.BOOT_PARAMETER})


@dataclass(frozen=True)
class ConsoleFinding:
    """One passage of the console that a healthy run does not show.

    `line_number` counts from 1 in console.log; `text` is the telling line itself, without its
    time stamp; `excerpt` the lines around it.
    """

    kind: ConsoleKind
    line_number: int
    text: str
    excerpt: str = ""
