# SPDX-License-Identifier: Apache-2.0
"""All tasks of a guest, out of its memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ktstr.introspect.memory.memory import MemoryFault
from ktstr.introspect.snapshot.view import View

# More than this no guest of ours has; a list that goes on is a damaged one.
MOST_TASKS = 1 << 15
COMM_BYTES = 16
_FIELDS = (
    *("pid", "tgid", "flags", "__state", "exit_state", "on_cpu", "on_rq", "stack", "thread.sp"),
    *("thread_info.cpu", "sched_class", "policy", "cpus_ptr", "comm"),
    *("se.vruntime", "se.sum_exec_runtime", "se.exec_start", "se.cfs_rq", "se.on_rq"),
    *("se.sched_delayed", "sched_info.last_queued", "sched_info.last_arrival"),
    *("scx.dsq", "scx.dsq_vtime", "scx.slice", "scx.flags", "scx.runnable_at", "scx.ops_state"),
    *("lockdep_depth",),
)


@dataclass
class RawTasks:
    """Every task's members by the address of its task_struct, and what could not be read."""

    by_address: dict[int, dict[str, int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def raw_tasks(view: View, idle: list[int]) -> RawTasks:
    """All tasks that the kernel lists, and the `idle` ones of its CPUs, which it does not list.

    Raises:
      UnknownName: this kernel has no list of tasks that we know.
    """
    # what has no bytes of its own here: comm is text, and is read by its offset
    numbers = [each for each in _FIELDS if each != "comm"]
    shape = view.shape("task_struct", numbers)
    comm = view.kernel.field("task_struct", "comm").offset
    found = RawTasks()
    for address in (*idle, *_listed(view, found.problems)):
        if address in found.by_address:
            continue
        if len(found.by_address) >= MOST_TASKS:
            found.problems.append(f"tasks: more than {MOST_TASKS}, the others are left out")
            break
        try:
            found.by_address[address] = view.read(address, shape)
            found.names[address] = view.text(address + comm, COMM_BYTES)
        except MemoryFault as fault:
            found.problems.append(f"task at {address:#x}: {fault.reason}")
    return found


def _listed(view: View, problems: list[str]) -> Iterator[int]:
    """Addresses of all threads of all processes."""
    kernel = view.kernel
    init = kernel.symbol("init_task")
    tasks = kernel.field("task_struct", "tasks").offset
    signal = kernel.field("task_struct", "signal")
    node = kernel.field("task_struct", "thread_node").offset
    head = kernel.field("signal_struct", "thread_head").offset
    walk = view.walk(init + tasks, MOST_TASKS)
    for at in walk:
        leader = at - tasks
        try:
            threads = view.walk(view.u64(leader + signal.offset) + head, MOST_TASKS)
        except MemoryFault as fault:
            problems.append(f"threads of the task at {leader:#x}: {fault.reason}")
            continue
        for thread in threads:
            yield thread - node
        if threads.problem:
            problems.append(f"threads of the task at {leader:#x}: {threads.problem}")
    if walk.problem:
        problems.append(f"tasks: {walk.problem}")
