# SPDX-License-Identifier: Apache-2.0
"""Takes a snapshot: whatever can be read is in it, and what cannot is named with its reason.

Right of a guest that stands still. Of one that runs it may be torn: then lists end early, which is
among what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ktstr.introspect.kernel.average import signed
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory, MemoryFault
from ktstr.introspect.snapshot import names
from ktstr.introspect.snapshot.extension import extension
from ktstr.introspect.snapshot.queues import Queued, contents, named, user_made
from ktstr.introspect.snapshot.runqueues import Averages, RawRunqueue, raw_runqueues
from ktstr.introspect.snapshot.state import Dsq, Runqueue, Snapshot, Task
from ktstr.introspect.snapshot.tasks import RawTasks, raw_tasks
from ktstr.introspect.snapshot.view import View

_T = TypeVar("_T")
_KTHREAD = 0x0020_0000  # PF_KTHREAD (include/linux/sched.h)
# bits of scx.flags and scx.ops_state (include/linux/sched/ext.h, kernel/sched/ext.c; 6.12 and 7.2)
_SCX_QUEUED, _OPSS_STATE = 1 << 0, 3
_FAIR_QUEUE = "EEVDF's queue"


def take(kernel: Kernel, memory: Memory, name: str = "") -> Snapshot:
    """A snapshot of the guest that has this memory; `name` is whatever it shall be called.

    Nothing is raised for what is in the memory: see `Snapshot.missing`.
    """
    return Taking(View(kernel, memory)).snapshot(name)


class Taking:
    """One snapshot while it is made, with what was read for it: a post-mortem goes on from that."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.problems: list[str] = []
        self.runqueues: tuple[RawRunqueue, ...] = self._part(
            "runqueues", (), lambda: raw_runqueues(view, self.problems)
        )
        idle = [each.values["idle"] for each in self.runqueues if each.values.get("idle")]
        self.raw: RawTasks = self._part("tasks", RawTasks(), lambda: raw_tasks(view, idle))
        self.problems += self.raw.problems
        self.dsqs: dict[int, Queued] = {}
        self._part("DSQs", None, self._read_dsqs)
        self.now = max((each.number("clock") for each in self.runqueues), default=0)
        self._running = {each.number("curr"): each.cpu for each in self.runqueues}
        self._idle = dict(zip(idle, (each.cpu for each in self.runqueues), strict=False))
        self._classes = names.classes(view.kernel)
        self._averages = self._part("lag", None, lambda: Averages(view))
        fair = view.kernel.field("rq", "cfs").offset if view.has("rq", "cfs") else 0
        self._roots = {each.cpu: each.address + fair for each in self.runqueues}
        self._where = self._places()

    def snapshot(self, name: str) -> Snapshot:
        """What was read, for people."""
        state = self._part("sched_ext", None, lambda: extension(self.view))
        pids = {address: raw["pid"] for address, raw in self.raw.by_address.items()}
        tasks = [self.task(address) for address in self.raw.by_address if address not in self._idle]
        return Snapshot(
            name=name,
            at_ns=self.now,
            kernel=self.view.kernel.release,
            tasks=tuple(sorted(tasks, key=lambda each: each.pid)),
            runqueues=tuple(self._runqueue(each, pids) for each in self.runqueues),
            dsqs=tuple(sorted(self._named(pids), key=lambda each: each.id)),
            extension=state,
            missing=tuple(self.problems),
        )

    def task(self, address: int) -> Task:
        """The task whose task_struct is there; it must be among those that were read."""
        raw = self.raw.by_address[address]
        state = names.task_state(raw.get("__state", 0), raw.get("exit_state", 0))
        runs = address in self._running
        state = "running" if runs else state
        kind = self._classes.get(raw.get("sched_class", 0), "")
        queue = self._queue(address, raw, state)
        if queue and state not in ("runnable", "running"):
            state = f"{state}, still queued"  # a dequeue that EEVDF has put off
        average = self._average(raw) if kind == "fair" and raw.get("se.on_rq") else None
        vruntime = signed(raw["se.vruntime"]) if kind == "fair" and "se.vruntime" in raw else None
        lag = signed(average - vruntime) if average is not None and vruntime is not None else None
        return Task(
            pid=raw["pid"],
            tgid=raw.get("tgid", raw["pid"]),
            comm=self.raw.names.get(address, ""),
            state=state,
            policy_class=kind,
            cpu=self._running.get(address, raw.get("thread_info.cpu", -1)),
            queue=queue,
            waiting_ns=self._since(raw.get("sched_info.last_queued", 0)) if queue else None,
            running_ns=self._since(raw.get("sched_info.last_arrival", 0)) if runs else None,
            last_ran_ns=0 if runs else self._since(raw.get("se.exec_start", 0)),
            cpus=self._cpus(raw.get("cpus_ptr", 0)),
            vruntime=vruntime,
            lag=lag,
            dsq_vtime=raw.get("scx.dsq_vtime") if kind == "ext" else None,
            slice=raw.get("scx.slice") if kind == "ext" else None,
            run_ns=raw.get("se.sum_exec_runtime", 0),
            kernel_thread=bool(raw.get("flags", 0) & _KTHREAD),
            address=address,
        )

    def _average(self, raw: dict[str, int]) -> int | None:
        """The average vruntime of the tree that a task of the fair class is in."""
        root = self._roots.get(raw.get("thread_info.cpu", -1), 0)
        return self._averages.of(raw.get("se.cfs_rq", 0), root) if self._averages else None

    def _queue(self, address: int, raw: dict[str, int], state: str) -> str:
        """Where a task waits for a CPU."""
        if address in self._running or address in self._idle:
            return ""
        if address in self._where:
            return self._where[address]
        kind, cpu = self._classes.get(raw.get("sched_class", 0), ""), raw.get("thread_info.cpu", -1)
        if kind == "ext" and raw.get("scx.flags", 0) & _SCX_QUEUED:
            held = raw.get("scx.ops_state", 0) & _OPSS_STATE
            return "the scheduler's own hands" if held else "no queue at all"
        if raw.get("on_rq") == 1:
            of_fair = _FAIR_QUEUE if kind == "fair" else f"the {kind or 'unknown'} class's queue"
            return f"{of_fair} of CPU {cpu}"
        return "the way to a runqueue" if state == "runnable" and raw.get("on_rq") else ""

    def _places(self) -> dict[int, str]:
        """The DSQ of each task that is in one, in words."""
        found = {}
        for queued in self.dsqs.values():
            for task in queued.tasks:
                found[task] = f"DSQ {names.dsq_name(queued.id)}"
        for each in self.runqueues:
            for task in each.local.tasks if each.local else ():
                found[task] = f"the local DSQ of CPU {each.cpu}"
        return found

    def _runqueue(self, raw: RawRunqueue, pids: dict[int, int]) -> Runqueue:
        current = raw.number("curr")
        task = self.raw.by_address.get(current, {})
        return Runqueue(
            cpu=raw.cpu,
            online=bool(raw.number("online")),
            current=task.get("pid", -1),
            current_comm=self.raw.names.get(current, ""),
            current_class=self._classes.get(task.get("sched_class", 0), ""),
            nr_running=raw.number("nr_running"),
            fair=raw.number("cfs.h_nr_queued", "cfs.h_nr_running"),
            ext=raw.number("scx.nr_running"),
            rt=raw.number("rt.rt_nr_running"),
            dl=raw.number("dl.dl_nr_running"),
            local=tuple(pids[task] for task in raw.local.tasks if task in pids)
            if raw.local
            else (),
            clock_ns=raw.number("clock"),
            behind_ns=self.now - raw.number("clock"),
            nr_switches=raw.number("nr_switches"),
        )

    def _read_dsqs(self) -> None:
        """The scheduler's own DSQs, and any other that a task says it is in: the global ones."""
        if not self.view.kernel.has_field("task_struct", "scx.dsq"):
            return
        self._part("the hash of DSQs", None, self._read_user_made)
        local = self.view.has("rq", "scx.local_dsq")
        at = self.view.kernel.field("rq", "scx.local_dsq").offset if local else 0
        locals_ = {each.address + at for each in self.runqueues}
        for raw in self.raw.by_address.values():
            if raw["scx.dsq"] and raw["scx.dsq"] not in locals_:
                self._read_dsq(raw["scx.dsq"])

    def _read_user_made(self) -> None:
        for address in user_made(self.view):
            self._read_dsq(address)

    def _read_dsq(self, address: int) -> None:
        if address in self.dsqs:
            return
        try:
            queued = contents(self.view, address)
        except MemoryFault as fault:
            self.problems.append(f"DSQ at {address:#x}: {fault.reason}")
            return
        if queued.problem:
            self.problems.append(f"DSQ {names.dsq_name(queued.id)}: {queued.problem}")
        self.dsqs[address] = queued

    def _named(self, pids: dict[int, int]) -> list[Dsq]:
        return [named(each, pids) for each in self.dsqs.values()]

    def _cpus(self, mask: int) -> tuple[int, ...]:
        count = max((each.cpu + 1 for each in self.runqueues), default=0)
        try:
            return self.view.bits(mask, count) if mask and count else ()
        except MemoryFault:
            return ()

    def _since(self, then: int) -> int | None:
        """Nanoseconds since an instant of a runqueue's clock; an instant of 0 is none."""
        return max(0, self.now - then) if then else None

    def _part(self, what: str, otherwise: _T, read: Callable[[], _T]) -> _T:
        """What `read` gives, or else `otherwise`, with the reason noted."""
        try:
            return read()
        except (MemoryFault, UnknownName) as error:
            self.problems.append(f"{what}: {error}")
            return otherwise
