# SPDX-License-Identifier: Apache-2.0
"""How a report of the kernel is recognized: where it begins, and how far it reaches."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktstr.console.findings import ConsoleKind

# Lines that may belong to the report above them: indented stacks and tables, "Word:" headings,
# registers in angle brackets, hints in quotes; what the scheduler, lockdep and the page allocator
# say of a place; the stacks of other CPUs; registers of arm64 (arch/arm64/kernel/process.c).
CONTINUES = re.compile(
    r"[\s<\"\[]|[A-Z#\d][\w #/-]*[:(]|(?:task|rcu|rcu_\w+|pool|workqueue|\(t=)\b"
    r"|in_atomic\(\): |preempt_count: |caller is |irq event stamp: |(?:hard|soft)irqs last "
    r"|(?:no|\d+) locks? held by |NMI backtrace for cpu |page: |page dumped because: |flags: |raw: "
    r"|(?:pstate|pc|lr|sp|pmr|x\d\d?) ?: "
)
# print_oops_end_marker() of kernel/panic.c
END_TRACE = re.compile(r"---\[ end trace [0-9a-f]+ \]---")
# as `ends`: the report is its first line
ONE_LINE = re.compile("")
# as `continues`: whatever the kernel says next
ANYTHING = re.compile("")


@dataclass(frozen=True)
class Pattern:
    """How a report begins, and how far it reaches.

    Attributes:
      kind: what the report is.
      starts: matches its first line, after the time stamp.
      ends: matches its last line; None where it is over with the first line of the kernel's that
        `continues` does not match.
      absorbs: kinds that, beginning inside the report, are part of it.
      headline: matches the line that says best what happened, when it is not the first.
      continues: matches the lines that may follow the first; of no account with `ends`.
    """

    kind: ConsoleKind
    starts: re.Pattern[str]
    ends: re.Pattern[str] | None = None
    absorbs: frozenset[ConsoleKind] = frozenset()
    headline: re.Pattern[str] | None = None
    continues: re.Pattern[str] = CONTINUES
