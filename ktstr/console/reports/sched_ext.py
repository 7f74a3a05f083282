# SPDX-License-Identifier: Apache-2.0
"""sched_ext's own word that it threw a scheduler out.

Texts of Linux 6.12 to 7.3, kernel/sched/ext.c (kernel/sched/ext/*.c in 7.3): scx_exit_reason(),
scx_disable_workfn(), scx_softlockup(), scx_hardlockup().  A clean end has its reason between the
brackets, and a scheduler that was never whole (zero slices, no cpu.weight) is only warned of.
"""

from __future__ import annotations

import re

from ktstr.console.findings import ConsoleKind
from ktstr.console.reports.pattern import Pattern

# reasons below SCX_EXIT_ERROR, but for SCX_EXIT_PARENT_KILL, which is a parent's ejection
_IN_ORDER = "unregistered from|disabled by sysrq-S|parent exiting"
_THROWN_OUT = rf'BPF (?:sub-)?scheduler "[^"]*" disabled \((?!{_IN_ORDER})'

EJECTIONS = (
    Pattern(
        ConsoleKind.SCHED_EXT,
        re.compile(
            rf"sched_ext: (?:{_THROWN_OUT}"
            r"|ops error detected without ops"
            r"|Soft lockup - CPU ?\d+ stuck for|Hard lockup - CPU ?\d+, disabling)"
        ),
        absorbs=frozenset({ConsoleKind.SCHED_EXT}),
        headline=re.compile(rf"sched_ext: {_THROWN_OUT}"),
        continues=re.compile(r"\s|sched_ext: (?!BPF (?:sub-)?scheduler )"),
    ),
)
