# SPDX-License-Identifier: Apache-2.0
"""Panics, oopses and what the kernel calls a BUG.

Texts of Linux 6.12 to 7.x: kernel/panic.c, lib/bug.c, arch/x86/kernel/{dumpstack,traps,cet}.c,
arch/x86/mm/fault.c, arch/arm64/kernel/traps.c, arch/arm64/mm/fault.c, kernel/sched/core.c,
kernel/softirq.c.
"""

from __future__ import annotations

import re

from ktstr.console.findings import ConsoleKind
from ktstr.console.reports.pattern import END_TRACE, Pattern

PANICS = (
    Pattern(
        ConsoleKind.PANIC,
        re.compile(r"Kernel panic - not syncing: "),
        ends=re.compile(r"---\[ end Kernel panic"),
    ),
)

CRASHES = (
    Pattern(
        # 7.x may put the condition in brackets before the file's name
        ConsoleKind.BUG,
        re.compile(r"[kK]ernel BUG at "),
        ends=END_TRACE,
        absorbs=frozenset({ConsoleKind.OOPS}),
    ),
    Pattern(
        ConsoleKind.OOPS,
        re.compile(
            r"BUG: kernel NULL pointer dereference"
            r"|BUG: unable to handle "
            r"|BUG: .+ stack guard page was hit"
            r"|kernel tried to execute NX-protected page"
            r"|unable to execute userspace code \(SMEP"
            r"|Oops: |general protection fault|(?:traps: )?PANIC: double fault"
            r"|(?:divide error|double fault|invalid opcode|stack segment|int3): [0-9a-f]{4} \[#"
            r"|.+: Corrupted page table at address "
            r"|(?:traps: )?Missing ENDBR: "
            r"|Thread overran stack, or stack corrupted"
            r"|Unable to handle kernel .+ at virtual address |Internal error: .+ \[#\d+\]"
        ),
        ends=END_TRACE,
        absorbs=frozenset({ConsoleKind.OOPS}),
    ),
)

# After all kinds that have a row of their own: "BUG: " begins reports of many of them.
OTHER_BUGS = (
    Pattern(
        # "BUG: MAX_LOCKDEP_... too low!" tells of lockdep's own tables, at the level of debugging
        ConsoleKind.BUG,
        re.compile(r"BUG: (?!MAX_)|huh, entered softirq \d+ "),
    ),
)
