# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of this task: its CPU, class, moves, run delay and run count."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ktstr.guest.workers.tally import Counted

# Documentation/filesystems/proc.rst, of the fields after the command's closing bracket
_PROCESSOR = 36
# kernel/sched/debug.c, proc_sched_show_task()
_MIGRATIONS, _PAGES = "se.nr_migrations", "numa_pages_migrated"
_PRIO, _EXT = "prio", "ext.enabled"
# include/linux/sched/prio.h: what is below is a real-time task's, and a deadline task's is below 0
_MAX_RT_PRIO = 100


class Kernelstat:
    """Keeps the files open: reading from the start makes the kernel write them anew."""

    def __init__(self) -> None:
        self._stat = os.open("/proc/self/stat", os.O_RDONLY | os.O_CLOEXEC)

    def cpu(self) -> int:
        """The CPU that this task runs on."""
        return int(os.pread(self._stat, 4096, 0).rpartition(b")")[2].split()[_PROCESSOR])

    def read(self) -> Counted:
        """What was counted so far; None where this kernel does not say."""
        delay, count = _delays()
        moves = _moves()
        counts = {
            "kernel_migrations": moves.get(_MIGRATIONS),
            "run_delay_ns": delay,
            "run_count": count,
            "numa_pages_migrated": moves.get(_PAGES),
        }
        return counts, class_of(moves)


def class_of(said: dict[str, int]) -> str:
    """The `model.witness.SchedClass` that these lines of /proc/PID/sched mean; empty: unsaid.

    By the priority in force, not the policy asked for, as __setscheduler_class() of
    kernel/sched/core.c decides; only ext.enabled tells sched_ext's class from the fair one.
    """
    if said.get(_EXT):
        return "ext"
    if _PRIO not in said:
        return ""
    prio = said[_PRIO]
    return "deadline" if prio < 0 else "realtime" if prio < _MAX_RT_PRIO else "fair"


def task_counts(tid: int) -> tuple[int | None, int | None, int | None, int | None]:
    """CPU time, run delay (both ns), run count and migrations of a task, until its last tick.

    None: it has ended, or this kernel does not say.
    """
    found = _schedstat(f"{tid}")
    if found is None:
        return None, None, None, None
    return (*found, _moves(f"{tid}").get(_MIGRATIONS))


def _schedstat(task: str) -> tuple[int, int, int] | None:
    try:
        with open(f"/proc/{task}/schedstat", encoding="ascii") as file:
            cpu_ns, delay, count = map(int, file.read().split())
    except (OSError, ValueError):
        return None
    return cpu_ns, delay, count


def _delays() -> tuple[int | None, int | None]:
    found = _schedstat("self")
    return (None, None) if found is None else found[1:]


def _moves(task: str = "self") -> dict[str, int]:
    found = {}
    try:
        with open(f"/proc/{task}/sched", encoding="ascii", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if (key := name.strip()) in (_MIGRATIONS, _PAGES, _PRIO, _EXT):
                    found[key] = int(value)
    except (OSError, ValueError):
        pass
    return found
