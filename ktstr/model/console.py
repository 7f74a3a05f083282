# SPDX-License-Identifier: Apache-2.0
"""What the kernel's console says about a run, as the classifier in `ktstr.vm` found it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ConsoleKind(StrEnum):
    """What a passage of the console is, worst first."""

    PANIC = "panic"
    OOPS = "oops"
    BUG = "bug"
    KASAN = "kasan"
    DEADLOCK = "deadlock"
    HARD_LOCKUP = "hard_lockup"
    SOFT_LOCKUP = "soft_lockup"
    RCU_STALL = "rcu_stall"
    WORKQUEUE_STALL = "workqueue_stall"
    HUNG_TASK = "hung_task"
    OOM = "oom"
    SCHED_EXT = "sched_ext"
    WARNING = "warning"


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
