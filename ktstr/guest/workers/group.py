# SPDX-License-Identifier: Apache-2.0
"""Groups of ktstr-worker processes: spawned, placed, started, stopped, collected."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ktstr.guest.system.child import Child
from ktstr.guest.system.reactor import Reactor
from ktstr.guest.workers.argv import (
    Descriptors,
    disk_words,
    file_of,
    group_words,
    program_of,
    worker_words,
)
from ktstr.guest.workers.churn import remove_churned
from ktstr.guest.workers.handover import JoinedFiles
from ktstr.guest.workers.launch import launch_function, launch_program
from ktstr.guest.workers.report import WorkerIdentity, facts_of
from ktstr.guest.workers.shared import SharedMemory, Slot
from ktstr.model.errors import InfraError
from ktstr.model.exit_status import describe_status
from ktstr.model.facts import DiskFacts, WorkerFacts
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.work.types import PythonWork
from ktstr.model.work.work import Mode, Work

WORKER = "/usr/bin/ktstr-worker"
_KILL_S = 1.0
_NS = 1_000_000_000


@dataclass
class _Worker:
    """A process, or a thread of one; descriptors are -1 once closed."""

    index: int
    process: Child
    start: int
    report: int
    affinity: str
    told_ns: int = 0
    killed: str = ""
    errors: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether its process is gone."""
        return self.process.status is not None


class WorkerGroup:
    """The workers of one `Work`: `label` prefixes their process names, `label.index`.

    `cgroup` is where they belong now, `cpuset` the union of the CPUs they were allowed so far
    (None: all), `step` the step that made them (None: the backdrop).  `disks` are the guest's,
    `source` is the test file that functions of PythonWork are in, `seed` that of random choices.
    """

    def __init__(
        self,
        reactor: Reactor,
        work: Work,
        group: int,
        label: str,
        cgroup: str,
        step: int | None,
        *,
        disks: tuple[DiskFacts, ...] = (),
        program: str = WORKER,
        source: str = "",
        seed: int = 0,
    ) -> None:
        self._disks, self._source, self._seed = disks, source, seed
        self.cgroup, self.work, self.step = cgroup, work, step
        self.cpuset: frozenset[int] | None = frozenset()
        self.label = label
        self._reactor, self._group = reactor, group
        self._program = program_of(work, program)
        self._processes: list[Child] = []
        self._workers: list[_Worker] = []
        self._memory: SharedMemory | None = None
        self._files: list[str] = []
        self._stopped_ns = 0

    @property
    def pids(self) -> list[int]:
        """The processes that have not ended."""
        return [process.pid for process in self._processes if process.status is None]

    @property
    def size(self) -> int:
        """How many workers there are, ended or not."""
        return len(self._workers)

    @property
    def finished(self) -> bool:
        """Whether all workers have ended."""
        return all(process.status is not None for process in self._processes)

    def slots(self) -> list[Slot]:
        """What each worker has left in shared memory so far."""
        return [self._shared.slot(worker.index) for worker in self._workers]

    def set_phase(self, step: int | None, at_ns: int) -> None:
        """Tells the workers that the scenario is in `step` from `at_ns` on; None: between steps."""
        if self._memory is not None:
            self._memory.set_phase(step, at_ns)

    def allow(self, cpus: frozenset[int] | None) -> None:
        """Notes that from now on the workers may run on `cpus` (None: on all)."""
        self.cpuset = None if cpus is None or self.cpuset is None else self.cpuset | cpus

    def spawn(self, affinities: list[frozenset[int] | None]) -> None:
        """Makes a worker per entry of `affinities`; they wait to be told to begin.

        Raises:
            InfraError: a process cannot be made.
        """
        count = len(affinities)
        groups = count // self.work.type.group_size
        self._memory = SharedMemory(count, extra=groups * self.work.type.shared_bytes)
        joined = JoinedFiles(self.work, count)
        try:
            if self.work.mode is Mode.THREAD:
                self._spawn_process(range(count), affinities, joined)
            else:
                for index in range(count):
                    self._spawn_process([index], affinities, joined)
        except OSError as error:
            raise InfraError(f"cannot start {self._program}: {error}") from error
        finally:
            joined.close()

    def start(self) -> None:
        """Tells all workers to begin that were not told yet."""
        for worker in self._workers:
            if worker.start < 0:
                continue
            worker.told_ns = time.monotonic_ns()
            self._shared.set_start(worker.index, worker.told_ns)
            try:
                os.write(worker.start, b"\1")
            except BrokenPipeError:
                pass  # it ended already: its exit status tells
            os.close(worker.start)
            worker.start = -1

    def bind(self, affinities: list[frozenset[int] | None], everywhere: frozenset[int]) -> None:
        """Changes the workers' affinity; a refusal becomes an error in the worker's facts."""
        for worker, affinity in zip(self._workers, affinities, strict=True):
            cpus = affinity or everywhere
            if worker.ended:
                continue
            worker.affinity = format_cpulist(affinity or ())
            try:
                os.sched_setaffinity(self._task(worker), cpus)
            except ProcessLookupError:
                continue
            except OSError as error:
                worker.errors.append(f"affinity {format_cpulist(cpus)} refused: {error.strerror}")

    def _task(self, worker: _Worker) -> int:
        """What the kernel knows the worker by; one that has not run yet goes with its process."""
        if self.work.mode is Mode.PROCESS:
            return worker.process.pid
        return self._shared.slot(worker.index).tid or worker.process.pid

    def ask_to_stop(self) -> None:
        """Sets the stop flag and wakes who is blocked; returns at once."""
        self._stopped_ns = time.monotonic_ns()
        if self._memory is not None:
            self._memory.stop()
        for worker in self._workers:
            if worker.start >= 0:
                os.close(worker.start)
                worker.start = -1
        self._signal(signal.SIGUSR1)

    def collect(self, waited_s: float) -> list[WorkerFacts]:
        """Kills who has not ended `waited_s` after being asked to, and gives the facts of all."""
        for worker in self._workers:
            if not worker.ended:
                worker.killed = f"no report within {waited_s:g} s of being told to stop; killed"
        self._signal(signal.SIGKILL)
        # a task that no scheduler runs cannot even die: then it is left to the machine's end
        self._reactor.wait(time.monotonic_ns() + int(_KILL_S * _NS), lambda: self.finished)
        facts = [self._facts(worker) for worker in self._workers]
        for worker in self._workers:
            os.close(worker.report)
            if worker.start >= 0:
                os.close(worker.start)
        for process in self._processes:
            process.let_go()
        labels = (f"{self.label}.{worker.index}" for worker in self._workers)
        self._files = [path for each in labels if (path := file_of(self.work, each, self._disks))]
        self._workers.clear()
        self._processes.clear()
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        return facts

    def remove_leftovers(self) -> None:
        """Removes files and cgroups that its workers made and, as they were killed, have left.

        Raises:
            OSError: a file stays.
        """
        for path in self._files:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        if self.work.type.makes_cgroups:
            remove_churned(self.label)

    @property
    def _shared(self) -> SharedMemory:
        assert self._memory is not None, "spawn() comes first"
        return self._memory

    def _spawn_process(
        self,
        indices: Iterable[int],
        affinities: list[frozenset[int] | None],
        joined: JoinedFiles,
    ) -> None:
        """Makes a process of one worker, or one whose threads are these workers."""
        words = group_words(self.work, len(affinities), self._seed)
        given, workers, starts = [], [], []
        threads = self.work.mode is Mode.THREAD
        process = Child(self._reactor)
        try:
            for index in indices:
                # a file holds a report of any length, and what a worker wrote before it was killed
                start, report = os.pipe(), os.memfd_create("ktstr-report", os.MFD_CLOEXEC)
                starts.append(start[0])
                affinity, label = affinities[index], f"{self.label}.{index}"
                workers.append(
                    _Worker(index, process, start[1], report, format_cpulist(affinity or ()))
                )
                files = Descriptors(start[0], report, self._shared.descriptor, **joined.of(index))
                words += ["--"] if threads else []
                words += worker_words(self.work, label, index, affinity, files)
                words += disk_words(self.work, label, self._disks)
                given += files.given()
            pid = self._launch(words, given)
        except BaseException:
            for worker in workers:
                os.close(worker.start)
                os.close(worker.report)
            raise
        finally:
            for descriptor in starts:
                os.close(descriptor)
        process.follow(pid)
        self._workers += workers
        self._processes.append(process)

    def _launch(self, words: list[str], given: list[int]) -> int:
        if isinstance(self.work.type, PythonWork):
            return launch_function(self._source, words, given)
        return launch_program(self._program, words, given)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._processes:
            process.send(number)

    def _facts(self, worker: _Worker) -> WorkerFacts:
        who = WorkerIdentity(
            cgroup=self.cgroup,
            group=self._group,
            index=worker.index,
            work=self.work,
            step=self.step,
            pid=self._task(worker),
            affinity=worker.affinity,
            cpuset=format_cpulist(self.cpuset or ()),
            told_ns=worker.told_ns,
            stopped_ns=self._stopped_ns,
            errors=tuple(worker.errors),
        )
        slot = self._shared.slot(worker.index)
        how = worker.killed or _how(worker.process.status)
        return facts_of(who, _content(worker.report), slot, how, self._shared.merged)


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _how(status: int | None) -> str:
    if status is None:
        return "still there after SIGKILL"
    return describe_status(status) if status else ""
