# SPDX-License-Identifier: Apache-2.0
"""The cgroups and workers that a scenario has at a moment, and who made them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ktstr.guest.scenario.affinity import resolve_affinity
from ktstr.guest.system.cgroups import CgroupTree
from ktstr.guest.system.failures import Failures
from ktstr.guest.workers.group import WORKER, WorkerGroup
from ktstr.model.errors import UsageError
from ktstr.model.facts import Event
from ktstr.model.machine.cpuset import resolve_cpuset
from ktstr.model.scenario.limits import NO_LIMITS, limit_files
from ktstr.model.seeds import derived, stream
from ktstr.model.wire.events import EventName
from ktstr.model.work.work import ExactCpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ktstr.guest.system.port import Sink
    from ktstr.guest.system.reactor import Reactor
    from ktstr.model.facts import DiskFacts, WorkerFacts
    from ktstr.model.machine.topology import TopologyView
    from ktstr.model.plan import SchedulerPlan
    from ktstr.model.scenario.limits import Limits
    from ktstr.model.scenario.scenario import CgroupDef
    from ktstr.model.work.work import AffinityKind, Work

_NS = 1_000_000_000
_HOST = "h"


@dataclass(frozen=True)
class Stage:
    """What a scenario is played on.  `duration_s` and `collect_s` are guest seconds.

    `disks` are the plan's, as they were found; `source` is the test file of the plan.
    `trace`: the kernel's tracepoints are sampled.  `tells`: the scheduler that is asked for its own
    statistics, None where none is.
    """

    view: TopologyView
    duration_s: float
    workers_per_cgroup: int
    seed: int
    collect_s: float
    disks: tuple[DiskFacts, ...] = ()
    worker: str = WORKER
    source: str = ""
    trace: bool = False
    tells: SchedulerPlan | None = None


@dataclass
class _Cgroup:
    """A cgroup that exists; `spawned` counts its groups of workers so far, `bound` its SetAffinity.

    drawn: the ordinal that random choices go by.  limits: what its files were given.
    frozen_at_ns: 0 unless it is frozen itself.
    """

    name: str
    ordinal: int
    step: int | None
    drawn: int
    cpuset: frozenset[int] | None = None
    spawned: int = 0
    bound: int = 0
    limits: dict[str, str] = field(default_factory=dict)
    frozen_at_ns: int = 0
    frozen_ns: int = 0


class Population:
    """Makes, changes and ends cgroups and groups of workers; emits their facts as they end.

    A worker's process is named `w<ordinal of its cgroup>.<group in the cgroup>.<index>`, ordinals
    counting the scenario's cgroups in the order they are made; `wh.…` is a worker of SpawnHost.
    `online` says which CPUs are there; without it all of the stage's are.  `whose` follows the w of
    all names, where there are several populations at once.
    """

    def __init__(
        self,
        stage: Stage,
        tree: CgroupTree,
        reactor: Reactor,
        sink: Sink,
        online: Callable[[], frozenset[int]] | None = None,
        whose: str = "",
    ) -> None:
        self._whose = whose
        self._online = online or (lambda: stage.view.cpus)
        self._stage, self._tree, self._reactor, self._sink = stage, tree, reactor, sink
        self._cgroups: dict[str, _Cgroup] = {}
        self._groups: list[WorkerGroup] = []
        self._made = self._hosts = 0
        # how many of both there were when the first leg began, and since when they are counted anew
        self._leg: tuple[int, int] | None = None
        self._shift = (0, 0)
        self._draws: dict[str, str] = {}
        self._phase: int | None = None

    def begin_leg(self) -> None:
        """A leg of a comparison begins: its random choices are those of the legs before it."""
        now = (self._made, self._hosts)
        self._leg = self._leg or now
        self._shift = (now[0] - self._leg[0], now[1] - self._leg[1])

    def define(self, cgroup: CgroupDef, step: int | None) -> None:
        """Makes a cgroup with its cpuset, limits and workers, which wait to be told to begin."""
        self.add(cgroup.name, step)
        if cgroup.cpuset is not None:
            self.set_cpuset(cgroup.name, resolve_cpuset(cgroup.cpuset, self._stage.view))
        if cgroup.limits != NO_LIMITS:
            self.set_limits(cgroup.name, cgroup.limits)
        for work in cgroup.works or ():
            self.spawn(cgroup.name, work, step)

    def add(self, name: str, step: int | None) -> None:
        """Makes an empty cgroup."""
        if name in self._cgroups:
            raise UsageError(f"cgroup {name!r} exists already")
        # registered first: what is made in part is torn down, too
        self._cgroups[name] = _Cgroup(name, self._made, step, self._made - self._shift[0])
        self._made += 1
        self._tree.create(name)

    def spawn(self, name: str | None, work: Work, step: int | None) -> WorkerGroup:
        """Makes a group of workers in a cgroup (None: beside the agent); they wait to begin."""
        cgroup = self._known(name) if name is not None else None
        if cgroup is not None:
            number, label = cgroup.spawned, f"w{self._whose}{cgroup.ordinal}.{cgroup.spawned}"
            draws = f"w{self._whose}{cgroup.drawn}.{number}"
            cgroup.spawned += 1
        else:
            number = self._hosts
            label = f"w{self._whose}{_HOST}.{number}"
            draws = f"w{self._whose}{_HOST}.{number - self._shift[1]}"
            self._hosts += 1
        self._draws[label] = draws
        group = WorkerGroup(
            self._reactor,
            work,
            number,
            label,
            name or "",
            step,
            disks=self._stage.disks,
            program=self._stage.worker,
            source=self._stage.source,
            seed=derived(self._stage.seed, f"workers of {draws}"),
        )
        group.allow(self._allowed(name))
        self._groups.append(group)
        count = work.count(self._stage.workers_per_cgroup, len(self._stage.view.cpus))
        pool = self._usable(name)
        group.spawn([self._affinity(_placement(work, i), pool, i, draws) for i in range(count)])
        group.set_phase(self._phase, time.monotonic_ns())
        for pid in group.pids:
            self._tree.place(name, pid)
        return group

    def set_phase(self, step: int | None) -> None:
        """The scenario is in `step` from now on, or between steps (None): workers are told."""
        self._phase, now = step, time.monotonic_ns()
        for group in self._groups:
            group.set_phase(step, now)

    def start(self, step: int | None) -> None:
        """Tells the workers that `step` made, and that still wait, to begin."""
        for group in self._groups:
            if group.step == step:
                group.start()

    def set_cpuset(self, name: str, cpus: frozenset[int] | None) -> None:
        """Gives a cgroup a cpuset; None takes it away."""
        cgroup = self._known(name)
        before, cgroup.cpuset = cgroup.cpuset, cpus
        for group in self._groups:
            group.allow(self._allowed(group.cgroup))
        if cpus is not None or before is not None:
            # the kernel takes no cpuset away from a cgroup with tasks: all CPUs mean the same
            self._tree.set_cpuset(name, self._stage.view.cpus if cpus is None else cpus)

    def swap_cpusets(self, a: str, b: str) -> None:
        """Exchanges two cpusets."""
        first, second = self._known(a).cpuset, self._known(b).cpuset
        self.set_cpuset(a, second)
        self.set_cpuset(b, first)

    def bind(self, name: str, affinity: AffinityKind) -> None:
        """Changes the affinity of a cgroup's workers."""
        cgroup = self._known(name)
        cgroup.bound += 1
        pool = self._usable(name)
        for group in self._of(name):
            who = f"{self._draws[group.label]} bound {cgroup.bound}"
            cpus = [self._affinity(affinity, pool, i, who) for i in range(group.size)]
            group.bind(cpus, self._stage.view.cpus)

    def set_limits(self, name: str, limits: Limits) -> None:
        """Sets those limits of a cgroup that are given."""
        files = limit_files(limits)
        cgroup = self._known(name)
        if "io.weight" in files:
            for disk in self._stage.disks:
                self._tree.weigh_io(disk.device)
        self._tree.set_limits(name, files)
        cgroup.limits |= files

    def freeze(self, name: str) -> None:
        """Stops a cgroup's processes, and those below it, where they are."""
        cgroup = self._known(name)
        cgroup.frozen_at_ns = time.monotonic_ns()
        self._tree.freeze(name, True)

    def thaw(self, name: str) -> None:
        """Lets a frozen cgroup go on."""
        cgroup = self._known(name)
        self._tree.freeze(name, False)
        if cgroup.frozen_at_ns:
            cgroup.frozen_ns += time.monotonic_ns() - cgroup.frozen_at_ns
            cgroup.frozen_at_ns = 0

    def is_frozen(self, name: str) -> bool:
        """Whether it has been frozen itself, and not thawed."""
        return bool(self._known(name).frozen_at_ns)

    def processes(self, name: str) -> str:
        """`pid name (command), ...` of the processes in the cgroup and below it."""
        from ktstr.guest.system.processes import describe  # only this op needs it

        self._known(name)
        return ", ".join(f"{pid} {describe(pid)}" for pid in self._tree.all_pids(name))

    def progress(self, name: str) -> tuple[int, int]:
        """Iterations and units of work of the workers that are in the cgroup or below it now."""
        self._known(name)
        groups = [each for each in self._groups if _below(each.cgroup, name)]
        slots = [slot for group in groups for slot in group.slots()]
        return sum(slot.iterations for slot in slots), sum(slot.work_units for slot in slots)

    def cpu_s(self, name: str) -> float:
        """CPU seconds that the cgroup and those below it have used."""
        self._known(name)
        return self._tree.cpu_usage_us(name) / 1e6

    def move(self, source: str, target: str) -> None:
        """Moves all workers from one cgroup to another."""
        self._known(source)
        self._known(target)
        for group in self._of(source):
            group.cgroup = target
            group.allow(self._allowed(target))
            for pid in group.pids:
                self._tree.place(target, pid)

    def stop(self, name: str) -> None:
        """Ends a cgroup's workers and emits their facts."""
        self._known(name)
        self.end(self._of(name))

    def end(self, groups: list[WorkerGroup]) -> tuple[WorkerFacts, ...]:
        """Ends these workers, and emits and returns their facts; goes on past what fails.

        Raises:
            InfraError: some could not be ended, or left what cannot be removed.
        """
        if not groups:
            return ()
        failures = Failures()
        failures.attempt(partial(self._thaw_around, groups))
        for group in groups:
            group.ask_to_stop()
        deadline = time.monotonic_ns() + int(self._stage.collect_s * _NS)
        self._reactor.wait(deadline, lambda: all(group.finished for group in groups))
        found: list[WorkerFacts] = []
        for group in groups:
            failures.attempt(partial(self._collect, group, found))
        failures.tell()
        return tuple(found)

    def _collect(self, group: WorkerGroup, found: list[WorkerFacts]) -> None:
        self._groups.remove(group)
        for facts in group.collect(self._stage.collect_s):
            self._sink.emit(facts)
            found.append(facts)
        group.remove_leftovers()

    def remove(self, name: str) -> None:
        """Ends a cgroup's workers and the cgroup; emits the facts of both."""
        self.stop(name)
        self._drop(self._known(name))

    def tear_down(self, step: int | None) -> None:
        """Ends all that `step` made, cgroups in reverse order; goes on past what fails.

        Raises:
            InfraError: something could not be removed; the rest is gone.
        """
        failures = Failures()
        failures.attempt(lambda: self.end([group for group in self._groups if group.step == step]))
        for cgroup in reversed([each for each in self._cgroups.values() if each.step == step]):
            # workers of an outer step may have been moved in here
            failures.attempt(partial(self.stop, cgroup.name))
            failures.attempt(partial(self._drop, cgroup))
        failures.tell()

    def _known(self, name: str) -> _Cgroup:
        if name not in self._cgroups:
            there = ", ".join(sorted(self._cgroups)) or "none"
            raise UsageError(f"cgroup {name!r} does not exist; existing cgroups: {there}")
        return self._cgroups[name]

    def _of(self, name: str) -> list[WorkerGroup]:
        return [group for group in self._groups if group.cgroup == name]

    def _thaw_around(self, groups: list[WorkerGroup]) -> None:
        """Thaws what holds these workers: a frozen one can neither stop nor report."""
        for cgroup in self._cgroups.values():
            if cgroup.frozen_at_ns and any(_below(each.cgroup, cgroup.name) for each in groups):
                self.thaw(cgroup.name)
                detail = f"{cgroup.name}: its workers end"
                self._sink.emit(Event(time.monotonic_ns(), EventName.THAW, None, detail))

    def _drop(self, cgroup: _Cgroup) -> None:
        if cgroup.frozen_at_ns:
            self.thaw(cgroup.name)
        facts = self._tree.facts(
            cgroup.name, cgroup.step, cgroup.cpuset, cgroup.limits, cgroup.frozen_ns
        )
        self._sink.emit(facts)
        del self._cgroups[cgroup.name]
        self._tree.remove(cgroup.name)

    def _cpusets(self, name: str | None) -> Iterator[frozenset[int]]:
        """The cpusets of a cgroup and those above it, going up."""
        while name:
            cgroup = self._cgroups.get(name)
            if cgroup is not None and cgroup.cpuset is not None:
                yield cgroup.cpuset
            name = name.rpartition("/")[0]

    def _allowed(self, name: str | None) -> frozenset[int] | None:
        """The cpuset in force: the nearest one going up, None where there is none."""
        return next(self._cpusets(name), None)

    def _usable(self, name: str | None) -> frozenset[int]:
        """The CPUs of the cpuset in force that are online; where none is, those above it count."""
        online = self._online()
        return next(filter(None, (cpus & online for cpus in self._cpusets(name))), online)

    def _affinity(
        self, kind: AffinityKind, pool: frozenset[int], index: int, who: str
    ) -> frozenset[int] | None:
        def draw(pool: list[int], count: int) -> list[int]:
            return stream(self._stage.seed, f"affinity of {who}.{index}").sample(pool, count)

        return resolve_affinity(kind, pool, self._stage.view, draw, index)


def _placement(work: Work, index: int) -> AffinityKind:
    """The affinity of worker `index`: its type's own for it, else that of the work."""
    cpus = work.type.cpus_of(index)
    return ExactCpus(cpus) if cpus else work.placement


def _below(cgroup: str, top: str) -> bool:
    """Whether a cgroup is `top` or below it."""
    return cgroup == top or cgroup.startswith(f"{top}/")
