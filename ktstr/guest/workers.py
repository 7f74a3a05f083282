# SPDX-License-Identifier: Apache-2.0
"""Groups of ktstr-worker processes: spawned, placed, started, stopped, collected."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass, field

from ktstr.guest.reactor import Reactor
from ktstr.guest.realtime import children_shielded
from ktstr.guest.shared import SharedMemory, Slot
from ktstr.guest.worker_report import WorkerIdentity, facts_of
from ktstr.model.cpulist import format_cpulist
from ktstr.model.errors import InfraError
from ktstr.model.facts import DiskFacts, WorkerFacts
from ktstr.model.work import Work
from ktstr.model.work_traits import uses_pipes
from ktstr.model.work_types import DiskWork, IoRandRead

WORKER = "/usr/bin/ktstr-worker"
_KILL_S = 1.0
_NS = 1_000_000_000


@dataclass
class _Worker:
    """A process of the group; descriptors are -1 once closed."""

    index: int
    pid: int
    pidfd: int
    start: int
    report: int
    affinity: str
    told_ns: int = 0
    status: int | None = None
    killed: str = ""
    errors: list[str] = field(default_factory=list)


class WorkerGroup:
    """The workers of one `Work`: `label` prefixes their process names, `label.index`.

    `cgroup` is where they belong now, `cpuset` the union of the CPUs they were allowed so far
    (None: all), `step` the step that made them (None: the backdrop).  `disks` are the guest's.
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
    ) -> None:
        self._disks = disks
        self.cgroup, self.work, self.step = cgroup, work, step
        self.label = label
        self.cpuset: frozenset[int] | None = frozenset()
        self._reactor, self._group, self._label, self._program = reactor, group, label, program
        self._workers: list[_Worker] = []
        self._memory: SharedMemory | None = None
        self._stopped_ns = 0

    @property
    def pids(self) -> list[int]:
        """The workers that have not ended."""
        return [worker.pid for worker in self._workers if worker.status is None]

    @property
    def size(self) -> int:
        """How many workers there are, ended or not."""
        return len(self._workers)

    @property
    def finished(self) -> bool:
        """Whether all workers have ended."""
        return all(worker.status is not None for worker in self._workers)

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
        """Makes a process per entry of `affinities`; they wait to be told to begin.

        Raises:
            InfraError: a process cannot be made.
        """
        self._memory = SharedMemory(len(affinities))
        pipes = self._pair_pipes(len(affinities))
        try:
            for index, affinity in enumerate(affinities):
                self._spawn_one(index, len(affinities), affinity, pipes)
        except OSError as error:
            raise InfraError(f"cannot start {self._program}: {error}") from error
        finally:
            for pair in pipes:
                for end in pair:
                    os.close(end)

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
            if worker.status is not None:
                continue
            worker.affinity = format_cpulist(affinity or ())
            try:
                os.sched_setaffinity(worker.pid, cpus)
            except ProcessLookupError:
                continue
            except OSError as error:
                worker.errors.append(f"affinity {format_cpulist(cpus)} refused: {error.strerror}")

    def ask_to_stop(self) -> None:
        """Sets the stop flag and wakes who is blocked; returns at once."""
        self._stopped_ns = time.monotonic_ns()
        if self._memory is not None:
            self._memory.stop()
        for worker in self._workers:
            if worker.start >= 0:
                os.close(worker.start)
                worker.start = -1
            _signal(worker, signal.SIGUSR1)

    def collect(self, waited_s: float) -> list[WorkerFacts]:
        """Kills who has not ended `waited_s` after being asked to, and gives the facts of all."""
        for worker in self._workers:
            if worker.status is None:
                worker.killed = f"no report within {waited_s:g} s of being told to stop; killed"
                _signal(worker, signal.SIGKILL)
        # a task that no scheduler runs cannot even die: then it is left to the machine's end
        self._reactor.wait(time.monotonic_ns() + int(_KILL_S * _NS), lambda: self.finished)
        facts = [self._facts(worker) for worker in self._workers]
        for worker in self._workers:
            os.close(worker.report)
            if worker.status is None:
                self._release(worker)
        self._remove_files()
        self._workers.clear()
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        return facts

    @property
    def _shared(self) -> SharedMemory:
        assert self._memory is not None, "spawn() comes first"
        return self._memory

    def _pair_pipes(self, count: int) -> list[tuple[int, int]]:
        # pipes[2k] leads from worker 2k to 2k+1, pipes[2k+1] back
        return [os.pipe() for _ in range(count)] if uses_pipes(self.work.type) else []

    def _spawn_one(
        self, index: int, count: int, affinity: frozenset[int] | None, pipes: list[tuple[int, int]]
    ) -> None:
        # a file holds a report of any length, and what a worker wrote before it was killed
        start, report = os.pipe(), os.memfd_create("ktstr-report", os.MFD_CLOEXEC)
        given = [start[0], report, self._shared.descriptor]
        words = [
            f"type={type(self.work.type).__name__}",
            f"name={self._label}.{index}",
            f"policy={self.work.policy.value}",
            f"rt_priority={self.work.rt_priority}",
            f"nice={self.work.nice}",
            f"start_fd={start[0]}",
            f"report_fd={report}",
            f"shared_fd={self._shared.descriptor}",
            f"slot={index}",
            f"slots={count}",
            f"parent={os.getpid()}",
            *_parameters(self.work),
            *self._disk_words(index),
        ]
        if affinity is not None:
            words.append(f"affinity={format_cpulist(affinity)}")
        if pipes:
            incoming, outgoing = pipes[index ^ 1][0], pipes[index][1]
            given += [incoming, outgoing]
            words += [f"in_fd={incoming}", f"out_fd={outgoing}"]
        try:
            with children_shielded():
                pid = os.posix_spawn(
                    self._program,
                    [self._program, *words],
                    os.environ,
                    file_actions=[(os.POSIX_SPAWN_DUP2, fd, fd) for fd in given],
                    setsigmask=[signal.SIGUSR1],  # until the worker waits for it
                )
        except BaseException:
            os.close(start[1])
            os.close(report)
            raise
        finally:
            os.close(start[0])
        self._watch(
            _Worker(
                index, pid, os.pidfd_open(pid), start[1], report, format_cpulist(affinity or ())
            )
        )

    def _disk_words(self, index: int) -> list[str]:
        work = self.work.type
        if not isinstance(work, DiskWork):
            return []
        disk = self._disk(work)
        words = [f"device={disk.device}"]
        return (
            words if isinstance(work, IoRandRead) else [*words, f"file={self._file(disk, index)}"]
        )

    def _disk(self, work: DiskWork) -> DiskFacts:
        for disk in self._disks:
            if disk.name == work.disk:
                return disk
        raise InfraError(f"{type(work).__name__}: this guest has no disk {work.disk!r}")

    def _file(self, disk: DiskFacts, index: int) -> str:
        return f"{disk.mount_point}/.ktstr-{self._label}.{index}"

    def _remove_files(self) -> None:
        """Removes what the workers wrote; they have ended, however, and so cannot."""
        work = self.work.type
        if not isinstance(work, DiskWork) or isinstance(work, IoRandRead):
            return
        disk = self._disk(work)
        for worker in self._workers:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._file(disk, worker.index))

    def _watch(self, worker: _Worker) -> None:
        self._workers.append(worker)
        self._reactor.watch(worker.pidfd, lambda: self._ended(worker))

    def _ended(self, worker: _Worker) -> None:
        worker.status = os.waitpid(worker.pid, 0)[1]
        self._release(worker)

    def _release(self, worker: _Worker) -> None:
        self._reactor.forget(worker.pidfd)
        for descriptor in (worker.pidfd, worker.start):
            if descriptor >= 0:
                os.close(descriptor)
        worker.pidfd = worker.start = -1

    def _facts(self, worker: _Worker) -> WorkerFacts:
        who = WorkerIdentity(
            cgroup=self.cgroup,
            group=self._group,
            index=worker.index,
            work=self.work,
            step=self.step,
            pid=worker.pid,
            affinity=worker.affinity,
            cpuset=format_cpulist(self.cpuset or ()),
            told_ns=worker.told_ns,
            stopped_ns=self._stopped_ns,
            errors=tuple(worker.errors),
        )
        slot = self._shared.slot(worker.index)
        how = worker.killed or _how(worker.status)
        return facts_of(who, _content(worker.report), slot, how, self._shared.merged)


def _parameters(work: Work) -> list[str]:
    names = ("spin", "burst_us", "sleep_us", "block_kb", "blocks")
    return [f"{name}={getattr(work.type, name)}" for name in names if hasattr(work.type, name)]


def _signal(worker: _Worker, number: signal.Signals) -> None:
    if worker.status is None:
        signal.pidfd_send_signal(worker.pidfd, number)


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _how(status: int | None) -> str:
    if status is None:
        return "still there after SIGKILL"
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}" if code else ""
