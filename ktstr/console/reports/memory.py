# SPDX-License-Identifier: Apache-2.0
"""Memory that is used wrongly, or used up.

Texts of Linux 6.12 to 7.x: mm/kasan/report.c, mm/kfence/report.c, mm/kmsan/report.c,
kernel/kcsan/report.c, lib/ubsan.c, mm/slub.c, lib/list_debug.c, lib/refcount.c, mm/oom_kill.c.
"""

from __future__ import annotations

import re

from ktstr.console.findings import ConsoleKind
from ktstr.console.reports.pattern import ANYTHING, END_TRACE, Pattern

SANITIZERS = (
    Pattern(
        ConsoleKind.KASAN,
        re.compile(r"BUG: (?:KASAN|KFENCE|KCSAN|KMSAN): "),
        ends=re.compile(r"={20,}"),
    ),
    Pattern(
        ConsoleKind.KASAN,
        re.compile(r"UBSAN: "),
        ends=re.compile(r"---\[ end trace \]---"),
    ),
)

CORRUPTIONS = (
    Pattern(
        # names of caches may hold blanks; from 6.15 on a warning follows
        ConsoleKind.SLUB,
        re.compile(r"BUG .+ \((?:Not tainted|Tainted: [^)]*)\): "),
        ends=re.compile(r"FIX .+: "),
        absorbs=frozenset({ConsoleKind.WARNING}),
        continues=ANYTHING,
    ),
    Pattern(
        # what WARN() or BUG() adds comes after its message
        ConsoleKind.LIST_CORRUPTION,
        re.compile(r"list_(?:add|del) (?:corruption|double add)"),
        ends=END_TRACE,
        absorbs=frozenset({ConsoleKind.WARNING, ConsoleKind.BUG, ConsoleKind.OOPS}),
    ),
    Pattern(
        ConsoleKind.REFCOUNT,
        re.compile(r"refcount_t: "),
        ends=END_TRACE,
        absorbs=frozenset({ConsoleKind.WARNING}),
    ),
)

_KILLED = re.compile(
    r"(?:Memory cgroup o|O)ut of memory(?: \(oom_kill_allocating_task\))?: "
    r"(?:Killed process|OOM victim \d+ \(.*\) is already exiting)"
    r"|Out of memory and no killable processes"
)
SHORTAGES = (
    Pattern(
        ConsoleKind.OOM,
        re.compile(rf".+ invoked oom-killer: |{_KILLED.pattern}"),
        ends=_KILLED,
        absorbs=frozenset({ConsoleKind.OOM}),
        headline=_KILLED,
    ),
)
