# SPDX-License-Identifier: Apache-2.0
"""The state of a guest's scheduling at one instant, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
      pid, tgid, comm: as in /proc.
      state: one word; `running` on a CPU, `runnable` waiting for one.
      policy_class: the scheduling class: fair, ext, rt, dl, stop, idle.
      cpu: where it runs or ran last.
      queue: where it waits for a CPU, in words; empty where it waits for none.
      waiting_ns: for how long it has waited for a CPU, None where the kernel does not say.
      running_ns: for how long it has had its CPU now, None where it has none.
      last_ran_ns: how long ago it had a CPU, None where the kernel does not say.
      cpus: those that it may use, as a list of numbers.
      vruntime, lag: of EEVDF, in ns; lag only of a task that is queued there.
      dsq_vtime, slice: of sched_ext: its order in a DSQ, and ns that are left of its slice.
      run_ns: CPU time that it has had.
      address: of its task_struct, by which it is found again.
    """

    pid: int
    tgid: int
    comm: str
    state: str
    policy_class: str
    cpu: int
    queue: str = ""
    waiting_ns: int | None = None
    running_ns: int | None = None
    last_ran_ns: int | None = None
    cpus: tuple[int, ...] = ()
    vruntime: int | None = None
    lag: int | None = None
    dsq_vtime: int | None = None
    slice: int | None = None
    run_ns: int = 0
    kernel_thread: bool = False
    address: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Runqueue:
    """One CPU.

    Attributes:
      current: pid of whom it runs, 0 for its idle task.
      nr_running: tasks that want it, the current one among them.
      fair, ext, rt, dl: those of each class.
      local: pids in its local DSQ, in their order.
      clock_ns: the queue's clock, which stands where nobody updates it.
      behind_ns: how far that is behind the furthest of all CPUs.
    """

    cpu: int
    online: bool
    current: int
    current_comm: str
    current_class: str
    nr_running: int
    fair: int = 0
    ext: int = 0
    rt: int = 0
    dl: int = 0
    local: tuple[int, ...] = ()
    clock_ns: int = 0
    behind_ns: int = 0
    nr_switches: int = 0


@dataclass(frozen=True)
class Dsq:
    """A dispatch queue that is no CPU's own: its depth by its own count, and who is in it."""

    id: int
    name: str
    depth: int
    tasks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Extension:
    """sched_ext: whether a scheduler is loaded, and what it is called.

    Attributes:
      state: disabled, enabling, enabled, disabling.
      bypass: how many reasons there are to pass the scheduler by, None where it is not known.
      exit: why the last one ended, empty for none.
    """

    state: str
    scheduler: str = ""
    bypass: int | None = None
    exit: str = ""
    exit_message: str = ""


@dataclass(frozen=True)
class Snapshot:
    """All of it.

    Attributes:
      name: what whoever took it calls it.
      at_ns: the furthest clock of a CPU's queue: the guest's sched_clock.
      kernel: its release.
      maps: the maps of the scheduler that is attached, as a JSON list; empty for none.
      missing: what could not be read, each with its reason.
      cause: why it was taken at this instant; empty where the name says it.
      monotonic_ns: CLOCK_MONOTONIC at `at_ns`; None where it is not known.
    """

    name: str
    at_ns: int
    kernel: str
    tasks: tuple[Task, ...] = ()
    runqueues: tuple[Runqueue, ...] = ()
    dsqs: tuple[Dsq, ...] = ()
    extension: Extension | None = None
    missing: tuple[str, ...] = ()
    maps: str = ""
    cause: str = ""
    monotonic_ns: int | None = None

    def task(self, pid: int) -> Task | None:
        """The task of that pid."""
        return next((each for each in self.tasks if each.pid == pid), None)
