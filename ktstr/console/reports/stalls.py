# SPDX-License-Identifier: Apache-2.0
"""CPUs and tasks that do not get on.

Texts of Linux 6.12 to 7.x: kernel/watchdog.c, kernel/hung_task.c, kernel/smp.c,
kernel/time/tick-sched.c, kernel/workqueue.c, kernel/rcu/{tree_stall,tree_exp,tasks}.h.
"""

from __future__ import annotations

import re

from ktstr.console.findings import ConsoleKind
from ktstr.console.reports.pattern import CONTINUES, ONE_LINE, Pattern

LOCKUPS = (
    Pattern(
        # since 6.13 "CPU3: " of the one that found it comes first
        ConsoleKind.HARD_LOCKUP,
        re.compile(r".*Watchdog detected hard LOCKUP on cpu"),
    ),
    Pattern(
        ConsoleKind.SOFT_LOCKUP,
        re.compile(r"(?:watchdog: )?BUG: soft lockup - CPU#\d+ stuck for"),
    ),
    Pattern(
        ConsoleKind.CSD_LOCK,
        re.compile(r"(?:smp: )?csd: (?:Detected|Continued) non-responsive CSD lock"),
        absorbs=frozenset({ConsoleKind.CSD_LOCK}),
        continues=re.compile(rf"(?:smp: )?\s*csd: |{CONTINUES.pattern}"),
    ),
)

WORKQUEUES = (
    Pattern(
        ConsoleKind.WORKQUEUE_STALL,
        re.compile(r"BUG: workqueue lockup - pool"),
    ),
    Pattern(
        ConsoleKind.WORKQUEUE_HOG,
        re.compile(r"workqueue: .+ hogged CPU for >"),
        ends=ONE_LINE,
    ),
)

RCU = (
    Pattern(
        ConsoleKind.RCU_STALL,
        re.compile(
            r"(?:rcu: )?INFO: \S+ (?:self-detected stall|detected (?:expedited )?stalls?\b)"
            r"|rcu: \S+ kthread (?:starved|timer wakeup didn't happen) for"
            r"|(?:rcu: )?rcu_tasks\S* detected stalls"
        ),
        absorbs=frozenset({ConsoleKind.RCU_STALL}),
    ),
)

HUNG_TASKS = (
    Pattern(
        # "in I/O wait": 7.x; so are lines on the lock's owner, which follow
        ConsoleKind.HUNG_TASK,
        re.compile(r"INFO: task .*:\d+ blocked (?:in I/O wait )?for more than \d+ seconds"),
    ),
)

SOFTIRQS = (
    Pattern(
        ConsoleKind.SOFTIRQ,
        re.compile(r"NOHZ tick-stop error: .*local softirq work is pending"),
        ends=ONE_LINE,
    ),
)
