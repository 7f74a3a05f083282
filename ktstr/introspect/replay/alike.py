# SPDX-License-Identifier: Apache-2.0
"""Whether a guest that is held in a replay stands where the first run failed, and as it did."""

from __future__ import annotations

from ktstr.introspect.replay.cause import Cause
from ktstr.introspect.replay.part import Stood
from ktstr.introspect.snapshot.state import Task

# by how much a runqueue's clock, which says since when a task runs, may be behind: three ticks
_BEHIND_NS = 12_000_000


def unlike(cause: Cause, stopped_ns: int, stood: Stood) -> str:
    """In words, why this is not the failure; empty where it is, or nobody knows.

    stopped_ns: of virtual time.
    """
    if cause.exact and stopped_ns != cause.at_ns:
        return "that is another instant"
    if cause.broken is not None:
        queue = next((each for each in stood.snapshot.runqueues if each.cpu == stood.cpu), None)
        expected = cause.broken.cpu, cause.broken.clock_ns
        if queue is None or (queue.cpu, queue.clock_ns) != expected:
            return "the runqueue's clock is another"
    if cause.waits:
        return _does_not_wait(cause, stood, stopped_ns - cause.at_ns + _BEHIND_NS)
    return ""


def _does_not_wait(cause: Cause, stood: Stood, late_ns: int) -> str:
    """late_ns: for how long at most who waited until the failure may have had a CPU since."""
    task = stood.snapshot.task(cause.pid)
    if task is None:
        read = "; ".join(stood.snapshot.missing) or "there is no such task"
        return f"whether {cause.comm or 'pid'}[{cause.pid}] waits there is not known: {read}"
    if task.queue and task.state != "running":
        return ""
    if _had_a_cpu_for(task) <= late_ns:
        return ""
    has = (
        f"has CPU {task.cpu}"
        if task.state == "running"
        else f"waits for no CPU: it is {task.state}"
    )
    return f"{task.comm}[{task.pid}] {has} there"


def _had_a_cpu_for(task: Task) -> float:
    """Nanoseconds that it has had its CPU, or that have gone by since it had one."""
    known = task.running_ns if task.state == "running" else task.last_ran_ns
    return float("inf") if known is None else known
