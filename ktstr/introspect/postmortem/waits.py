# SPDX-License-Identifier: Apache-2.0
"""Says in words who waits for what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ktstr.introspect.postmortem.state import HeldLock, TaskStack
from ktstr.introspect.snapshot.state import Runqueue, Snapshot, Task
from ktstr.introspect.snapshot.text import duration

MOST_TASKS = 24
_FRAMES_SHOWN = 6
# how a task goes to sleep, which is not what it sleeps for
_SLEEPING = {
    *("__schedule", "schedule", "schedule_timeout", "schedule_preempt_disabled", "io_schedule"),
    *("schedule_idle", "schedule_hrtimeout_range", "schedule_hrtimeout_range_clock"),
    *("io_schedule_timeout", "schedule_timeout_uninterruptible", "preempt_schedule_irq"),
    *("schedule_timeout_interruptible", "__cond_resched", "schedule_rtlock", "schedule_hrtimeout"),
}
# A clock that stands for less may only wait for its next tick.
_STANDING_NS = 100_000_000


def waits(
    snapshot: Snapshot, stacks: Sequence[TaskStack], locks: Sequence[HeldLock]
) -> Iterator[str]:
    """Lines for a report: the CPUs, then tasks that want one, then those that are blocked."""
    by_pid = {each.pid: each for each in stacks if each.pid}
    running = {each.cpu: each for each in stacks if each.cpu is not None}
    online = [each for each in snapshot.runqueues if each.online]
    wanting = sorted(
        (each for each in snapshot.tasks if each.queue), key=lambda each: -(each.waiting_ns or 0)
    )
    idle = [each for each in online if each.current_class == "idle"]
    if online:
        yield (
            f"Tasks that want a CPU and have none: {len(wanting)}. CPUs: {len(online)}, of which "
            f"idle: {len(idle)}."
        )
    for each in online:
        yield _cpu(each, snapshot, running.get(each.cpu))
    for task in wanting[:MOST_TASKS]:
        yield _wanting(task, snapshot, online)
    if len(wanting) > MOST_TASKS:
        yield f"More tasks that want a CPU: {len(wanting) - MOST_TASKS}."
    blocked = [each for each in snapshot.tasks if _is_blocked(each)]
    for task in blocked[:MOST_TASKS]:
        yield _blocked(task, by_pid.get(task.pid))
    if len(blocked) > MOST_TASKS:
        yield f"More tasks that sleep: {len(blocked) - MOST_TASKS}."
    yield from _locks(locks)


def reason_of(stack: TaskStack) -> str:
    """The function that a sleeping task went to sleep in, without its offset; empty: unknown."""
    for frame in stack.frames:
        name = frame.partition("+")[0]
        if name not in _SLEEPING:
            return name
    return ""


def _cpu(each: Runqueue, snapshot: Snapshot, stack: TaskStack | None) -> str:
    task = snapshot.task(each.current) if each.current else None
    if each.current_class == "idle":
        words = f"CPU {each.cpu} is idle"
        if each.nr_running:
            words += f", though its queue has {_count(each.nr_running, 'task')}"
    else:
        kind = each.current_class or "unknown"
        words = f"CPU {each.cpu} runs {each.current_comm}[{each.current}] of class {kind}"
        if task is not None and task.running_ns is not None:
            words += f", for {duration(task.running_ns)}"
        if each.nr_running > 1:
            words += f", and {each.nr_running - 1} more in its queue"
    if stack is not None:
        words += ", with interrupts off" if stack.interrupts_off else ""
        words += f": {chain(stack)}" if stack.frames else f"; {stack.problem}"
    if each.behind_ns > _STANDING_NS and each.nr_running:
        words += f". Its clock has stood for {duration(each.behind_ns)}"
    return words + "."


def _wanting(task: Task, snapshot: Snapshot, online: Sequence[Runqueue]) -> str:
    words = f"{task.comm}[{task.pid}] waits in {task.queue}"
    if task.waiting_ns is not None:
        words += f" for {duration(task.waiting_ns)}"
    place = _place(task, snapshot)
    words += f" ({place})" if place else ""
    mine = next((each for each in online if each.cpu == task.cpu), None)
    if mine is not None:
        does = "idle" if mine.current_class == "idle" else f"with {mine.current_comm}"
        does += f"[{mine.current}]" if mine.current_class != "idle" else ""
        words += f"; its CPU {task.cpu} is {does}"
    allowed = set(task.cpus)
    free = [each.cpu for each in online if each.current_class == "idle" and each.cpu in allowed]
    if free:
        words += f"; idle CPUs that it may use: {', '.join(map(str, free))}"
    elif allowed and not allowed & {each.cpu for each in online}:
        words += "; none of the CPUs that it may use is online"
    return words + "."


def _place(task: Task, snapshot: Snapshot) -> str:
    """Its place in a DSQ."""
    for queue in (*(each.tasks for each in snapshot.dsqs), *(r.local for r in snapshot.runqueues)):
        if task.pid in queue:
            return f"number {queue.index(task.pid) + 1} of {len(queue)}"
    return ""


def _is_blocked(task: Task) -> bool:
    """Whether it sleeps and somebody may ask for what: not a kernel thread that has no work."""
    if task.queue or task.state in ("running", "runnable", "dead", "zombie", "idle", "parked"):
        return False
    return not task.kernel_thread or task.state == "uninterruptible"


def _blocked(task: Task, stack: TaskStack | None) -> str:
    words = f"{task.comm}[{task.pid}] is {task.state}"
    if task.last_ran_ns is not None:
        words += f", last ran {duration(task.last_ran_ns)} ago"
    if stack is None or not stack.frames:
        return words + "."
    reason = reason_of(stack)
    return f"{words}{f', waits in {reason}' if reason else ''}: {chain(stack, asleep=True)}."


def _locks(locks: Sequence[HeldLock]) -> Iterator[str]:
    for lock in locks:
        yield (
            f"{lock.comm}[{lock.pid}] has, or waits for, lock {lock.lock} "
            f"({lock.address:#x}), taken in {lock.taken_at}."
        )
    holders: dict[int, list[HeldLock]] = {}
    for lock in locks:
        holders.setdefault(lock.address, []).append(lock)
    for several in holders.values():
        if len(several) > 1:
            named = ", ".join(f"{each.comm}[{each.pid}]" for each in several)
            yield f"Lock {several[0].lock} is wanted by {len(several)}: {named}."


def chain(stack: TaskStack, *, asleep: bool = False) -> str:
    """The inner frames of a stack in a line; of one asleep those from what it sleeps in on."""
    frames = list(stack.frames)
    while asleep and len(frames) > 1 and frames[0].partition("+")[0] in _SLEEPING:
        frames.pop(0)
    shown = " < ".join(frames[:_FRAMES_SHOWN])
    return shown + (" < ..." if len(frames) > _FRAMES_SHOWN else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
