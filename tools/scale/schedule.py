# SPDX-License-Identifier: Apache-2.0
"""A schedule of a workload on a farm, event by event.

simpy would bring the queue of events, and no processor sharing: heapq is the smaller part of it.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from ktstr.model.errors import UsageError
from tools.scale.farm import Farm
from tools.scale.sharing import Pool
from tools.scale.workload import Kind, Workload

_MOST_TRIES = 100
_HOUR_S = 3600.0


@dataclass(frozen=True)
class Schedule:
    """What became of a workload.

    Attributes:
      wall_s: from the command to the last result.
      templates_s: until the last saved guest was there; 0 without any.
      waited_s: of each task, from when the server had it to a worker.
      slot_s: of all workers' slots, while something was on them.
      core_s: of cores, for what came to its end and what was lost.
      staged_bytes: from the cache to machines.
      returned_bytes: from machines to the cache.
      kills: of machines.
      retries: of tasks.
    """

    wall_s: float
    templates_s: float
    waited_s: tuple[float, ...]
    slot_s: float
    core_s: float
    staged_bytes: int
    returned_bytes: int
    kills: int
    retries: int


def simulate(workload: Workload, farm: Farm, seed: int = 1) -> Schedule:
    """Plays the workload: what is ready goes, in order, to the first free worker that holds it.

    Raises:
      UsageError: no machine has the memory that a task asks for, or a task never ends as its
        machine is always killed before.
    """
    most = max(each.memory_mib for each in farm.machines)
    for task in workload.tasks:
        if task.memory_mib > most:
            raise UsageError(
                f"scale: {task.name} asks for ktstr-memory={task.memory_mib}, and no machine "
                f"has more than {most} MiB for each job: it would wait for ever; give --machines"
            )
    return _Play(workload, farm, seed).run()


@dataclass
class _Machine:
    """One machine: what it can take, what its cache holds, and since when it has which tasks."""

    jobs: int
    memory_mib: int
    cores: Pool
    held: set[int] = field(default_factory=set)
    tasks: dict[int, float] = field(default_factory=dict)
    up: bool = True

    @property
    def free(self) -> int:
        return self.jobs - len(self.tasks) if self.up else 0


class _Play:
    """The state of a simulation: a heap of events, and pools, whose members' ends are some, too."""

    def __init__(self, workload: Workload, farm: Farm, seed: int) -> None:
        tasks, costs = workload.tasks, farm.costs
        self._load, self._farm, self._costs = workload, farm, costs
        self._chance = random.Random(seed)
        self._client = Pool(costs.client_cores)
        self._cas = Pool(costs.cas_bytes_s / costs.transfer_bytes_s)
        self._machines = list(_machines(farm))
        cores = dict.fromkeys(each.cores for each in self._machines)
        self._cores = list(cores)
        self._now = costs.analysis_s
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._then: dict[int, Callable[[], None]] = {}  # what a member of a pool does afterwards
        self._missing = [len(task.needs) for task in tasks]
        self._dependents: list[list[int]] = [[] for _ in tasks]
        for number, task in enumerate(tasks):
            for each in task.needs:
                self._dependents[each].append(number)
        self._ready = deque(number for number, missing in enumerate(self._missing) if not missing)
        self._queues: dict[int, deque[tuple[int, int]]] = {}  # by class of memory, in order
        self._asked = [0.0] * len(tasks)
        self._waited = [0.0] * len(tasks)
        self._tries = [0] * len(tasks)
        self._under_way = self._done = self._kills = self._staged = self._returned = 0
        self._slot_s = self._templates_s = 0.0

    def run(self) -> Schedule:
        """Plays it to its end."""
        if self._farm.kills_per_hour:
            for machine in self._machines:
                self._schedule_kill(machine)
        self._admit()
        pools = [self._client, self._cas, *self._cores]
        while self._done < len(self._load.tasks):
            pool = min(pools, key=lambda each: each.next_end)
            if self._events and self._events[0][0] <= pool.next_end:
                self._now, _, action = heapq.heappop(self._events)
                action()
            else:
                self._now = pool.next_end
                self._then.pop(pool.end(self._now))()
        return Schedule(
            wall_s=self._now,
            templates_s=self._templates_s,
            waited_s=tuple(self._waited),
            slot_s=self._slot_s,
            core_s=sum(each.used for each in self._cores),
            staged_bytes=self._staged,
            returned_bytes=self._returned,
            kills=self._kills,
            retries=sum(self._tries),
        )

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._order), action))

    def _share(
        self, pool: Pool, number: int, work: float, then: Callable[[], None], wants: float = 1.0
    ) -> None:
        if not work:
            then()
            return
        self._then[number] = then
        pool.enter(self._now, number, work, wants)

    def _admit(self) -> None:
        """Lets the client begin what is ready, as far as it may."""
        while self._ready and self._under_way < self._costs.client_jobs:
            number = self._ready.popleft()
            self._under_way += 1
            self._share(self._client, number, self._costs.client_s, self._sent(number))

    def _sent(self, number: int) -> Callable[[], None]:
        return partial(self._after, self._costs.dispatch_s, partial(self._enqueue, number))

    def _enqueue(self, number: int) -> None:
        memory = self._load.tasks[number].memory_mib
        self._asked[number] = self._now
        self._queues.setdefault(memory, deque()).append((next(self._order), number))
        self._assign()

    def _assign(self) -> None:
        """Gives machines what they can take: first come, first served."""
        while True:
            heads = sorted((queue[0][0], memory) for memory, queue in self._queues.items() if queue)
            for _, memory in heads:
                machine = self._free_machine(memory)
                if machine is not None:
                    self._begin(self._queues[memory].popleft()[1], machine)
                    break
            else:
                return

    def _free_machine(self, memory_mib: int) -> _Machine | None:
        """The emptiest of the smallest that hold it."""
        fitting = (each for each in self._machines if each.free and each.memory_mib >= memory_mib)
        return min(fitting, key=lambda each: (each.memory_mib, -each.free), default=None)

    def _begin(self, number: int, machine: _Machine) -> None:
        self._waited[number] += self._now - self._asked[number]
        machine.tasks[number] = self._now
        fetch = partial(self._fetch, number, machine)
        self._share(machine.cores, number, self._costs.stage_s, fetch)

    def _fetch(self, number: int, machine: _Machine) -> None:
        """Fetches what the machine's cache has not; a bundle on its way counts as there."""
        task = self._load.tasks[number]
        missing = [each for each in task.bundles if each not in machine.held]
        machine.held.update(missing)
        size = sum(self._load.bundles[each].size for each in missing)
        self._staged += size

        def send() -> None:
            self._returned += task.output_bytes
            seconds = task.output_bytes / self._costs.transfer_bytes_s
            self._share(self._cas, number, seconds, partial(self._finish, number, machine))

        def play() -> None:
            self._share(machine.cores, number, task.seconds, send, task.cpu)

        self._share(self._cas, number, size / self._costs.transfer_bytes_s, play)

    def _finish(self, number: int, machine: _Machine) -> None:
        self._slot_s += self._now - machine.tasks.pop(number)
        self._under_way -= 1
        self._done += 1
        if self._load.tasks[number].kind is Kind.TEMPLATE:
            self._templates_s = self._now
        for each in self._dependents[number]:
            self._missing[each] -= 1
            if not self._missing[each]:
                self._ready.append(each)
        self._admit()
        self._assign()

    def _schedule_kill(self, machine: _Machine) -> None:
        seconds = self._chance.expovariate(self._farm.kills_per_hour / _HOUR_S)
        self._after(seconds, partial(self._kill, machine))

    def _kill(self, machine: _Machine) -> None:
        """What runs there is lost, and queued again when the server has noticed."""
        self._kills += 1
        machine.up = False
        for number, since in machine.tasks.items():
            self._slot_s += self._now - since
            self._then.pop(number, None)
            self._cas.leave(self._now, number)
            machine.cores.leave(self._now, number)
            self._tries[number] += 1
            if self._tries[number] == _MOST_TRIES:
                task = self._load.tasks[number]
                raise UsageError(
                    f"scale: {task.name}, {task.seconds:.0f} s, was killed {_MOST_TRIES} times; "
                    f"--kills={self._farm.kills_per_hour:g} an hour is too many for it"
                )
            self._after(self._farm.keepalive_s, partial(self._enqueue, number))
        machine.tasks.clear()
        self._after(self._farm.restart_s, partial(self._restart, machine))
        self._schedule_kill(machine)

    def _restart(self, machine: _Machine) -> None:
        machine.up = True
        self._assign()


def _machines(farm: Farm) -> Iterator[_Machine]:
    shared = Pool(farm.shared_cores, farm.foreign)
    for each in farm.machines:
        for _ in range(each.count):
            own = shared if farm.shared_cores else Pool(each.cores, farm.foreign)
            yield _Machine(each.jobs, each.memory_mib, own)
