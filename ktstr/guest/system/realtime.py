# SPDX-License-Identifier: Apache-2.0
"""The agent's real-time class, which a sched_ext scheduler under test cannot starve.

sched_ext replaces the fair class only, and the real-time classes come before it.  The agent sets
SCHED_RESET_ON_FORK, so what it starts is a normal task; workers are the exception: they inherit
the class and leave it when they are told to begin, so that starting them does not depend on the
scheduler under test (posix_spawn waits until the child has called exec).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# above any worker's: a real-time workload must not keep the agent from ending it
AGENT = 99
BELOW_AGENT = 98


def shield(priority: int = AGENT) -> None:
    """Makes this process SCHED_FIFO with reset on fork.

    Raises:
        OSError: the kernel refuses (CAP_SYS_NICE is needed).
    """
    _set(os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, priority)


@contextmanager
def children_shielded() -> Iterator[None]:
    """Within it, children inherit the real-time class; without effect in an unshielded process."""
    shielded = os.sched_getscheduler(0) == os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    priority = os.sched_getparam(0).sched_priority
    if shielded:
        _set(os.SCHED_FIFO, priority)
    try:
        yield
    finally:
        if shielded:
            shield(priority)


def leave_shield() -> None:
    """Makes this process an ordinary task, with what it forks.

    Raises:
        OSError: the kernel refuses.
    """
    _set(os.SCHED_OTHER, 0)


def _set(policy: int, priority: int) -> None:
    os.sched_setscheduler(0, policy, os.sched_param(priority))
