# SPDX-License-Identifier: Apache-2.0
"""All reports that the classifier knows."""

from __future__ import annotations

from ktstr.console.reports import crashes, locks, memory, notices, sched_ext, stalls

# The order decides where two rows match one line.
PATTERNS = (
    *crashes.PANICS,
    *memory.SANITIZERS,
    *memory.CORRUPTIONS,
    *stalls.LOCKUPS,
    *stalls.WORKQUEUES,
    *crashes.CRASHES,
    *locks.LOCKS,
    *crashes.OTHER_BUGS,
    *stalls.RCU,
    *stalls.HUNG_TASKS,
    *stalls.SOFTIRQS,
    *memory.SHORTAGES,
    *sched_ext.EJECTIONS,
    *notices.WARNINGS,
    *notices.BOOT_PARAMETERS,
)
