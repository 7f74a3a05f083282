# SPDX-License-Identifier: Apache-2.0
"""What the numbers that a kernel keeps mean: states of tasks, and dispatch queues."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ktstr.introspect.trace.events import Value

RUNNABLE = "R"
# By bit of task_struct.__state (include/linux/sched.h of Linux 6.12 to 7.2), as ps has them.
_STATES = "SDTtXZPX"
_IDLE = 0x402  # TASK_IDLE: TASK_UNINTERRUPTIBLE | TASK_NOLOAD
# Ids of dispatch queues that sched_ext makes itself (enum scx_dsq_id_flags).
_BUILTIN, _GLOBAL, _LOCAL = 1 << 63, 1 << 63 | 1, 1 << 63 | 2
LOCAL = "local/"


def state_of(state: int, queued: int, delayed: int) -> str:
    """The state of a task that gives up its CPU; still RUNNABLE while it is in a queue to run.

    A task of the fair class that sleeps may stay in its queue, delayed.
    """
    if not state or (queued and not delayed):
        return RUNNABLE
    if state & _IDLE == _IDLE:
        return "I"
    return next((letter for bit, letter in enumerate(_STATES) if state >> bit & 1), "?")


def dsq_of(number: int, cpu: int) -> str:
    """What a dispatch queue is called: a scheduler's by its id, a CPU's local one by the CPU."""
    if number == _LOCAL:
        return f"{LOCAL}{cpu}"
    if number == _GLOBAL:
        return "global"
    return f"{number:#x}" if number & _BUILTIN else str(number)


@dataclass(frozen=True)
class Told:
    """The last `taken` values of a point, as those of these names; `of` gives None for no event."""

    taken: int
    names: tuple[str, ...]
    of: Callable[..., tuple[Value, ...] | None]


def _if(holds: int) -> tuple[Value, ...] | None:
    return () if holds else None


# Of a wake-up: a task that is in none of the states that are asked for is not woken. Of a pick: the
# class may have no task. A queue's depth is read before it changes.
TOLD: Mapping[str, Told] = {
    "waking": Told(2, (), lambda state, wanted: _if(state & wanted)),
    "pick": Told(1, (), _if),
    "switch": Told(3, ("state",), lambda *state: (state_of(*state),)),
    "dsq_insert": Told(3, ("dsq", "depth"), lambda dsq, of, nr: (dsq_of(dsq, of), nr + 1)),
    "dsq_remove": Told(3, ("dsq", "depth"), lambda dsq, of, nr: (dsq_of(dsq, of), nr - 1)),
}
