# SPDX-License-Identifier: Apache-2.0
"""What lockdep reports (kernel/locking/lockdep.c, the same in Linux 6.12 to 7.x).

A task is told as `comm/pid`, and comm may hold blanks, colons, brackets and slashes.
"""

from __future__ import annotations

import re

from ktstr.console.findings import ConsoleKind
from ktstr.console.reports.pattern import Pattern

# dump_stack() closes these, after lists that are longer than what is kept of a report
_TRACED = (
    "possible circular locking",
    "possible recursive locking",
    "possible irq lock inversion",
    r"\S+-safe -> \S+-unsafe lock order",
    "inconsistent lock",
    "suspicious RCU usage",
    "bad unlock balance",
    "bad contention",
    "chain_key collision",
    "held lock freed",
    "Nested lock was not taken",
    r"(?:.+/\d+ )?still has locks held",
)

LOCKS = (
    Pattern(
        ConsoleKind.DEADLOCK,
        re.compile(
            rf"WARNING: (?:{'|'.join(_TRACED)})"
            r"|\[ BUG: .+ \]$"
            r"|INFO: trying to register non-static key"
            r"|BUG: key \S+ has not been registered"
        ),
        ends=re.compile(r" </TASK>"),
    ),
    Pattern(
        # a list of locks and no stack
        ConsoleKind.DEADLOCK,
        re.compile(r"WARNING: lock held when returning to user space"),
        continues=re.compile(r"[ -]|$|\d+\.\d+|\d+ locks? held by |.+ is leaving the kernel with"),
    ),
)
