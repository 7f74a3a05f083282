# SPDX-License-Identifier: Apache-2.0
"""Warnings, and arguments of the command line that had no effect.

Texts of Linux 6.12 to 7.x: kernel/panic.c (since 6.16 the place comes first, and the condition in
brackets before it), init/main.c, kernel/params.c, fs/proc/proc_sysctl.c.
"""

from __future__ import annotations

import re

from ktstr.console.findings import ConsoleKind
from ktstr.console.reports.pattern import END_TRACE, ONE_LINE, Pattern

WARNINGS = (
    Pattern(
        ConsoleKind.WARNING,
        re.compile(r"WARNING: (?:CPU: \d+ PID: \d+ at |(?:\[.*\] )?\S+:\d+ at |at \S+, CPU#)"),
        ends=END_TRACE,
    ),
)

BOOT_PARAMETERS = (
    Pattern(
        ConsoleKind.BOOT_PARAMETER,
        re.compile(
            r"Unknown kernel command line parameters \""
            r"|(?:Failed|Error .+) to set sysctl parameter '"
            r"|Malformed early option '"
            r"|Booting kernel: (?:Unknown parameter `|`.*' (?:invalid|too large) for parameter `)"
        ),
        ends=ONE_LINE,
    ),
)
