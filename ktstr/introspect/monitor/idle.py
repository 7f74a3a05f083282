# SPDX-License-Identifier: Apache-2.0
"""Work conservation at exact instants: what waits where when a CPU goes idle.

The plugin stands at set_next_task_idle(), which a CPU enters as soon as it has found nothing to run
(kernel/sched/idle.c, 6.12 to 7.2).  Only where somebody has waited for LEAST_NS who may run there
anything is read: of each CPU the tasks that have waited longest of `cfs_tasks` and of sched_ext's
`runnable_list`, on which a task is wherever its DSQ may be.

Of those who wait neither count tasks that are on the way to sleep (`sched_delayed`), nor those of a
throttled cgroup.  Real-time and deadline tasks are not looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.monitor.clock import Clock
from ktstr.introspect.monitor.parts import Key, Number, Part, Row, row_of
from ktstr.introspect.monitor.series import IDLE_WAIT_NS, IdleWait
from ktstr.introspect.plugin.text import c_text
from ktstr.introspect.plugin.watch import ABSOLUTE, EACH_CPU, Probe, Read

FUNCTION = "set_next_task_idle"
# tasks that are looked at on each list of each CPU, from those that have waited longest on
_SEEN = {"cfs": 3, "scx": 3}
_COMM_BYTES = 16
# a mask of CPUs is read up to this one
_WORDS = 4
_MASK_CPUS = 64 * _WORDS
# who waits for less is on the way to a CPU: that was kicked, and comes as soon as it may
LEAST_NS = 1_000_000
# what all looks of a run may take of the plugin's memory
_MOST_BYTES = 12 << 20
_AREA, _CURR, _CLOCK = "_area", "_curr", "clock"


@dataclass(frozen=True)
class _List:
    """A list of tasks: where its head is on a runqueue, and where its nodes are in a task.

    back: its oldest entry is its last.
    """

    name: str
    head: int
    node: int
    back: bool


@dataclass(frozen=True)
class IdleLook:
    """What to read where a CPU goes idle, and what the records say."""

    cpus: int
    clock: Clock
    parts: tuple[Part, ...]
    row: Row
    lists: tuple[_List, ...]
    queue: int

    @property
    def reads(self) -> tuple[Read, ...]:
        """All reads, in the order of their bytes."""
        return tuple(part.read for part in self.parts)

    def waits(self, cpus: Sequence[int], rows: Sequence[bytes]) -> tuple[list[IdleWait], int]:
        """The longest wait at each instant at which one was seen, and at how many none was.

        cpus: which went idle, rows: what was read.  Of a row in which nobody is seen who waits, the
        plugin knew of a task that is further down its list.
        """
        raw = self.row.columns(rows)
        found, unseen = [], 0
        for number, cpu in enumerate(cpus):
            entries = list(self._entries(raw, number))
            waiting = [each for each in entries if self._may(raw, number, each, cpu)]
            now = raw[_CLOCK, cpu][number]
            waited = [(now - each.queued, each) for each in waiting if each.queued]
            longest = max(waited, key=lambda pair: pair[0], default=None)
            if longest is None or longest[0] < LEAST_NS:
                unseen += 1
            else:
                at = self.clock.monotonic_ns(raw, number, cpu, now)
                found.append(longest[1].wait(at, cpu, longest[0]))
        return found, unseen

    def _entries(self, raw: dict[Key, tuple[int, ...]], row: int) -> Iterator[_Entry]:
        for each in self.lists:
            for cpu in range(self.cpus):
                head = self._head(raw, row, each, cpu)
                for place in range(_SEEN[each.name]):

                    def of(name: str, each: _List = each, cpu: int = cpu, at: int = place) -> int:
                        return raw[f"_{each.name}{at}_{name}", cpu][row]

                    node = of("at")
                    if node in (0, head):
                        break
                    yield _Entry(
                        cpu,
                        node - each.node,
                        of("pid"),
                        of("comm"),
                        of("queued"),
                        (of("delayed") if each.name == "cfs" else 0),
                        (of("throttled") if self._throttles(raw, each) else 0),
                        sum(of(f"mask{word}") << 64 * word for word in range(_WORDS)),
                    )

    def _head(self, raw: dict[Key, tuple[int, ...]], row: int, each: _List, cpu: int) -> int:
        """The address of a list's head, which its last entry leads back to."""
        return (raw[_AREA, cpu][row] + self.queue + each.head) % (1 << 64)

    def _throttles(self, raw: dict[Key, tuple[int, ...]], each: _List) -> bool:
        return (f"_{each.name}0_throttled", 0) in raw

    def _may(self, raw: dict[Key, tuple[int, ...]], row: int, entry: _Entry, cpu: int) -> bool:
        """Whether an entry waits for a CPU, and may have this one."""
        runs = entry.task == raw[_CURR, entry.cpu][row] and entry.cpu != cpu
        waits = not (runs or entry.delayed or entry.throttled)
        return waits and bool(entry.mask >> cpu & 1)


@dataclass(frozen=True)
class _Entry:
    """A task on a list."""

    cpu: int
    task: int
    pid: int
    comm: object
    queued: int
    delayed: int
    throttled: int
    mask: int

    def wait(self, at_ns: int, cpu: int, waited_ns: int) -> IdleWait:
        name = self.comm if isinstance(self.comm, bytes) else b""
        comm = c_text(name)
        return IdleWait(at_ns, cpu, self.pid, comm, self.cpu, waited_ns)


def idle_look(kernel: Kernel, cpus: int, clock: Clock) -> IdleLook:
    """What to read where a CPU goes idle.

    Raises:
        UnknownName: the kernel lacks a list of tasks, or does not say since when they wait.
    """
    queue = kernel.symbol("runqueues")
    lists = [
        _List(
            "cfs",
            kernel.field("rq", "cfs_tasks").offset,
            kernel.field("task_struct", "se.group_node").offset,
            back=True,
        )
    ]
    if kernel.has_field("rq", "scx.runnable_list"):
        head = kernel.field("rq", "scx.runnable_list").offset
        node = kernel.field("task_struct", "scx.runnable_node").offset
        lists.append(_List("scx", head, node, back=False))
    areas = Read(ABSOLUTE, (kernel.symbol("__per_cpu_offset"),), 8 * cpus)
    parts = [
        *clock.parts,
        Part(areas, f"{cpus}Q", tuple(Number(_AREA, at=cpu) for cpu in range(cpus))),
        _of_queue(kernel, "curr", _CURR),
        _of_queue(kernel, "clock", _CLOCK),
    ]
    for each in lists:
        parts += _of_list(kernel, queue, each)
    return IdleLook(cpus, clock, tuple(parts), row_of(parts, cpus), tuple(lists), queue)


def condition(kernel: Kernel) -> str:
    """What holds while nobody waits who may have the CPU that goes idle.

    In the language of `ktstr.introspect.invariants.compiler`.  A runqueue that has no more tasks
    than run of it is not looked into.  The CPU that goes idle still has the task before as its
    current one, which may wait as well.
    """
    waiting = "q.nr_running"
    if kernel.has_field("rq", "cfs.h_nr_runnable"):
        waiting += " - q.cfs.h_nr_queued + q.cfs.h_nr_runnable"
    lists = [_none_of("cfs_tasks", "se.group_node", _fair_conditions(kernel))]
    if kernel.has_field("rq", "scx.runnable_list"):
        lists.append(_none_of("scx.runnable_list", "scx.runnable_node", []))
    nobody = f"{waiting} <= (c != cpu() and q.curr != q.idle)"
    return (
        f'all((q := rq(per_cpu("runqueues", c))).nr_running == 0 or {nobody} or '
        f"({' and '.join(lists)}) for c in range(cpus()))"
    )


def _fair_conditions(kernel: Kernel) -> list[str]:
    found = []
    if kernel.has_field("task_struct", "se.sched_delayed"):
        found.append("t.se.sched_delayed == 0")
    if kernel.has_field("cfs_rq", "throttle_count"):
        found.append("cfs_rq(t.se.cfs_rq).throttle_count == 0")
    return found


def _none_of(member: str, node: str, conditions: list[str]) -> str:
    """That no task on a list of q has waited for long, and may have this CPU."""
    waits = [
        "(t != q.curr or c == cpu())",
        "t.sched_info.last_queued != 0",
        f'rq(per_cpu("runqueues", cpu())).clock - t.sched_info.last_queued >= {LEAST_NS}',
        "word(t.cpus_ptr + 8 * (cpu() >> 6)) >> (cpu() & 63) & 1 != 0",
        *conditions,
    ]
    return (
        f"all(not ({' and '.join(waits)}) "
        f'for t in entries(address(q.{member}), "task_struct", "{node}"))'
    )


def idle_probe(kernel: Kernel, look: IdleLook, predicate: int) -> Probe:
    """The probe; `predicate` is the number of `condition`.

    Raises:
        UnknownName: the kernel has no such function that can be stood at.
    """
    where = kernel.symbol_range(FUNCTION)
    return Probe(
        "idle",
        where.start,
        where.stop,
        reads=look.reads,
        predicates=(predicate,),
        every=True,
        limit=_MOST_BYTES // look.row.size,
    )


def longest(waits: Iterable[IdleWait]) -> tuple[IdleWait, ...]:
    """Of each CPU the longest of each stretch of IDLE_WAIT_NS, with how many there were in it."""
    found: dict[tuple[int, int], IdleWait] = {}
    for each in waits:
        key = (each.at_ns // IDLE_WAIT_NS, each.cpu)
        before = found.get(key)
        if before is None:
            found[key] = each
        else:
            best = max(before, each, key=lambda wait: wait.waited_ns)
            found[key] = replace(best, among=before.among + 1)
    return tuple(sorted(found.values(), key=lambda each: (each.at_ns, each.cpu)))


def _of_queue(kernel: Kernel, member: str, name: str) -> Part:
    at = kernel.symbol("runqueues") + kernel.field("rq", member).offset
    return Part(Read(EACH_CPU, (at,), 8), "Q", (Number(name),))


def _of_list(kernel: Kernel, queue: int, each: _List) -> Iterator[Part]:
    link = 8 if each.back else 0
    for place in range(_SEEN[each.name]):
        # over this many nodes, the head first
        way = (queue + each.head + link, *((link,) * place))
        yield Part(Read(EACH_CPU, way, 8), "Q", (Number(f"_{each.name}{place}_at"),))
        for name, layout, path in _members(kernel, each):
            steps = [kernel.field(struct_name, member).offset for struct_name, member in path]
            read = Read(EACH_CPU, (*way, steps[0] - each.node, *steps[1:]), struct.calcsize(layout))
            yield Part(read, layout, tuple(Number(f"_{each.name}{place}_{n}") for n in name))


def _members(
    kernel: Kernel, each: _List
) -> Iterator[tuple[tuple[str, ...], str, tuple[tuple[str, str], ...]]]:
    """Names, layout and way of what is read of a task."""
    yield ("pid",), "i", (("task_struct", "pid"),)
    yield ("comm",), f"{_COMM_BYTES}s", (("task_struct", "comm"),)
    yield ("queued",), "Q", (("task_struct", "sched_info.last_queued"),)
    words = tuple(f"mask{word}" for word in range(_WORDS))
    yield words, f"{_WORDS}Q", (("task_struct", "cpus_ptr"), ("cpumask", "bits"))
    if each.name == "cfs" and kernel.has_field("task_struct", "se.sched_delayed"):
        yield ("delayed",), "B", (("task_struct", "se.sched_delayed"),)
    if each.name == "cfs" and kernel.has_field("cfs_rq", "throttle_count"):
        yield ("throttled",), "i", (("task_struct", "se.cfs_rq"), ("cfs_rq", "throttle_count"))
