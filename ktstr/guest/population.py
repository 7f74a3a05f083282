# SPDX-License-Identifier: Apache-2.0
"""The cgroups and workers that a scenario has at a moment, and who made them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ktstr.guest.affinity import resolve_affinity
from ktstr.guest.cgroups import CgroupTree
from ktstr.guest.workers import WORKER, WorkerGroup
from ktstr.model.errors import InfraError, UsageError

if TYPE_CHECKING:
    import random

    from ktstr.guest.port import Sink
    from ktstr.guest.reactor import Reactor
    from ktstr.model.facts import DiskFacts
    from ktstr.model.scenario import CgroupDef
    from ktstr.model.topology import TopologyView
    from ktstr.model.work import AffinityKind, Work

_NS = 1_000_000_000
_HOST = "h"


@dataclass(frozen=True)
class Stage:
    """What a scenario is played on.  `duration_s` and `collect_s` are guest seconds.

    `disks` are the plan's, as they were found.
    """

    view: TopologyView
    duration_s: float
    workers_per_cgroup: int
    seed: int
    collect_s: float
    disks: tuple[DiskFacts, ...] = ()
    worker: str = WORKER


@dataclass
class _Cgroup:
    """A cgroup that exists; `spawned` counts its groups of workers so far."""

    name: str
    ordinal: int
    step: int | None
    cpuset: frozenset[int] | None = None
    spawned: int = 0


class Population:
    """Makes, changes and ends cgroups and groups of workers; emits their facts as they end.

    A worker's process is named `w<ordinal of its cgroup>.<group in the cgroup>.<index>`, ordinals
    counting the scenario's cgroups in the order they are made; `wh.…` is a worker of SpawnHost.
    """

    def __init__(self, stage: Stage, tree: CgroupTree, reactor: Reactor, sink: Sink) -> None:
        self._stage, self._tree, self._reactor, self._sink = stage, tree, reactor, sink
        self._cgroups: dict[str, _Cgroup] = {}
        self._groups: list[WorkerGroup] = []
        self._ordinals = itertools.count()
        self._hosts = itertools.count()
        self._random: random.Random | None = None
        self._phase: int | None = None

    def define(self, cgroup: CgroupDef, cpus: frozenset[int] | None, step: int | None) -> None:
        """Makes a cgroup with its cpuset, weight and workers, which wait to be told to begin."""
        self.add(cgroup.name, step)
        if cpus is not None:
            self.set_cpuset(cgroup.name, cpus)
        if cgroup.limits.weight is not None:
            self._tree.set_weight(cgroup.name, cgroup.limits.weight)
        for work in cgroup.works or ():
            self.spawn(cgroup.name, work, step)

    def add(self, name: str, step: int | None) -> None:
        """Makes an empty cgroup."""
        if name in self._cgroups:
            raise UsageError(f"cgroup {name!r} exists already")
        # registered first: what is made in part is torn down, too
        self._cgroups[name] = _Cgroup(name, next(self._ordinals), step)
        self._tree.create(name)

    def spawn(self, name: str | None, work: Work, step: int | None) -> WorkerGroup:
        """Makes a group of workers in a cgroup (None: beside the agent); they wait to begin."""
        cgroup = self._known(name) if name is not None else None
        if cgroup is not None:
            number, label = cgroup.spawned, f"w{cgroup.ordinal}.{cgroup.spawned}"
            cgroup.spawned += 1
        else:
            number = next(self._hosts)
            label = f"w{_HOST}.{number}"
        group = WorkerGroup(
            self._reactor,
            work,
            number,
            label,
            name or "",
            step,
            disks=self._stage.disks,
            program=self._stage.worker,
        )
        group.allow(self._allowed(name))
        self._groups.append(group)
        count = work.count(self._stage.workers_per_cgroup, len(self._stage.view.cpus))
        group.spawn([self._affinity(work.placement, name, index) for index in range(count)])
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
        self._known(name)
        for group in self._of(name):
            cpus = [self._affinity(affinity, name, index) for index in range(group.size)]
            group.bind(cpus, self._stage.view.cpus)

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
        self._end(self._of(name))

    def remove(self, name: str) -> None:
        """Ends a cgroup's workers and the cgroup; emits the facts of both."""
        self.stop(name)
        self._drop(self._known(name))

    def tear_down(self, step: int | None) -> None:
        """Ends all that `step` made, cgroups in reverse order; goes on past what fails.

        Raises:
            InfraError: something could not be removed; the rest is gone.
        """
        self._end([group for group in self._groups if group.step == step])
        failures = []
        for cgroup in reversed([each for each in self._cgroups.values() if each.step == step]):
            try:
                # workers of an outer step may have been moved in here
                self._end(self._of(cgroup.name))
                self._drop(cgroup)
            except InfraError as error:
                failures.append(str(error))
        if failures:
            raise InfraError("; ".join(failures))

    def _known(self, name: str) -> _Cgroup:
        if name not in self._cgroups:
            there = ", ".join(sorted(self._cgroups)) or "none"
            raise UsageError(f"cgroup {name!r} does not exist; existing cgroups: {there}")
        return self._cgroups[name]

    def _of(self, name: str) -> list[WorkerGroup]:
        return [group for group in self._groups if group.cgroup == name]

    def _end(self, groups: list[WorkerGroup]) -> None:
        if not groups:
            return
        for group in groups:
            group.ask_to_stop()
        deadline = time.monotonic_ns() + int(self._stage.collect_s * _NS)
        self._reactor.wait(deadline, lambda: all(group.finished for group in groups))
        for group in groups:
            for facts in group.collect(self._stage.collect_s):
                self._sink.emit(facts)
            self._groups.remove(group)

    def _drop(self, cgroup: _Cgroup) -> None:
        self._sink.emit(self._tree.facts(cgroup.name, cgroup.step, cgroup.cpuset))
        del self._cgroups[cgroup.name]
        self._tree.remove(cgroup.name)

    def _allowed(self, name: str | None) -> frozenset[int] | None:
        """The cpuset in force: the nearest one going up, None where there is none."""
        while name:
            cgroup = self._cgroups.get(name)
            if cgroup is not None and cgroup.cpuset is not None:
                return cgroup.cpuset
            name = name.rpartition("/")[0]
        return None

    def _affinity(self, kind: AffinityKind, name: str | None, index: int) -> frozenset[int] | None:
        pool = self._allowed(name) or self._stage.view.cpus
        return resolve_affinity(kind, pool, self._stage.view, self._draw, index)

    @property
    def _draw(self) -> Callable[[list[int], int], list[int]]:
        if self._random is None:
            import random  # few scenarios draw, and every guest would pay for the import

            self._random = random.Random(self._stage.seed)
        return self._random.sample
