# SPDX-License-Identifier: Apache-2.0
"""What the kernel prints when something is wrong: one row per kind of report.

Texts are those of Linux 6.12 and 7.x: kernel/panic.c, arch/x86/kernel/{dumpstack,traps}.c,
arch/x86/mm/fault.c, kernel/watchdog.c, kernel/watchdog_perf.c, kernel/rcu/tree_stall.h and
tree_exp.h, kernel/hung_task.c, mm/oom_kill.c, kernel/workqueue.c, kernel/locking/lockdep.c,
mm/kasan/report.c, lib/ubsan.c, kernel/sched/ext.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktstr.model.console import ConsoleKind


@dataclass(frozen=True)
class Pattern:
    """How a report begins, and how far it reaches.

    Attributes:
      kind: what the report is.
      starts: matches its first line, after the time stamp.
      ends: matches its last line; None where it is over with the first line that cannot be part
        of it.
      absorbs: kinds that, beginning inside the report, are part of it.
      headline: matches the line that says best what happened, when it is not the first.
    """

    kind: ConsoleKind
    starts: re.Pattern[str]
    ends: re.Pattern[str] | None = None
    absorbs: frozenset[ConsoleKind] = frozenset()
    headline: re.Pattern[str] | None = None


_END_TRACE = re.compile(r"---\[ end trace [0-9a-f]+ \]---")

# Lines that may belong to the report above them: indented stacks and tables, "Word:" headings,
# registers in angle brackets, hints in quotes.
CONTINUES = re.compile(
    r"[\s<\"\[]|[A-Z#\d][\w #/-]*[:(]|(?:task|rcu|rcu_\w+|sched_ext|pool|\(t=)\b"
)

# The order decides where two rows match one line.
PATTERNS = (
    Pattern(
        ConsoleKind.PANIC,
        re.compile(r"Kernel panic - not syncing: "),
        ends=re.compile(r"---\[ end Kernel panic"),
    ),
    Pattern(
        ConsoleKind.KASAN,
        re.compile(r"BUG: (?:KASAN|KFENCE|KCSAN): |UBSAN: "),
        ends=re.compile(r"={20,}"),
    ),
    Pattern(
        ConsoleKind.HARD_LOCKUP,
        re.compile(r".*Watchdog detected hard LOCKUP on cpu"),
    ),
    Pattern(
        ConsoleKind.SOFT_LOCKUP,
        re.compile(r"watchdog: BUG: soft lockup - CPU#\d+ stuck for"),
    ),
    Pattern(
        ConsoleKind.WORKQUEUE_STALL,
        re.compile(r"BUG: workqueue lockup - pool"),
    ),
    Pattern(
        ConsoleKind.BUG,
        re.compile(r"kernel BUG at "),
        ends=_END_TRACE,
        absorbs=frozenset({ConsoleKind.OOPS}),
    ),
    Pattern(
        ConsoleKind.OOPS,
        re.compile(
            r"BUG: kernel NULL pointer dereference"
            r"|BUG: unable to handle page fault"
            r"|BUG: \S+ stack guard page was hit"
            r"|kernel tried to execute NX-protected page"
            r"|Oops: |general protection fault|traps: PANIC: double fault|divide error: "
        ),
        ends=_END_TRACE,
        absorbs=frozenset({ConsoleKind.OOPS}),
    ),
    Pattern(
        ConsoleKind.DEADLOCK,
        re.compile(
            r"WARNING: (?:possible circular locking|possible recursive locking|inconsistent lock"
            r"|possible irq lock inversion|suspicious RCU usage|bad unlock balance|held lock freed"
            r"|Nested lock was not taken|lock held when returning|still has locks held)"
        ),
    ),
    Pattern(
        ConsoleKind.BUG,
        re.compile(r"BUG: "),
    ),
    Pattern(
        ConsoleKind.RCU_STALL,
        re.compile(
            r"rcu: INFO: \S+ (?:self-detected stall|detected (?:expedited )?stalls?) on"
            r"|rcu: \S+ kthread (?:starved|timer wakeup didn't happen) for"
            r"|(?:INFO: )?rcu_tasks\S* detected stalls on tasks"
        ),
        absorbs=frozenset({ConsoleKind.RCU_STALL}),
    ),
    Pattern(
        ConsoleKind.HUNG_TASK,
        re.compile(r"INFO: task \S+:\d+ blocked (?:in I/O wait )?for more than \d+ seconds"),
    ),
    Pattern(
        ConsoleKind.OOM,
        re.compile(r".+ invoked oom-killer: |(?:Memory cgroup o|O)ut of memory: Killed process"),
        ends=re.compile(r"(?:Memory cgroup o|O)ut of memory: Killed process"),
        absorbs=frozenset({ConsoleKind.OOM}),
        headline=re.compile(r"(?:Memory cgroup o|O)ut of memory: Killed process"),
    ),
    Pattern(
        # A clean end says "unregistered from ..." or "disabled by sysrq-S" between the brackets.
        ConsoleKind.SCHED_EXT,
        re.compile(
            r'sched_ext: BPF scheduler "[^"]*" disabled \((?!unregistered from|disabled by sysrq-S)'
            r"|sched_ext: ops error detected without ops"
        ),
        absorbs=frozenset({ConsoleKind.SCHED_EXT}),
    ),
    Pattern(
        ConsoleKind.WARNING,
        re.compile(r"WARNING: (?:CPU: \d+ PID: \d+ at |\S+:\d+ at )"),
        ends=_END_TRACE,
    ),
)
