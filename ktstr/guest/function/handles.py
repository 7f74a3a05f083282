# SPDX-License-Identifier: Apache-2.0
"""What a test function holds of its background work: handles of cgroups and of running workers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from ktstr.guest.function.waiting import Wait
from ktstr.guest.workers.reading import read_workers
from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import resolve_cpuset
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.scenario.limits import NO_LIMITS, over
from ktstr.model.scenario.scenario import (
    ClearCpuset,
    Freeze,
    RemoveCgroup,
    SetAffinity,
    SetCpuset,
    SetLimits,
    Thaw,
)

if TYPE_CHECKING:
    from ktstr.guest.function.waiting import Waiter
    from ktstr.guest.scenario.population import Population
    from ktstr.guest.workers.group import WorkerGroup
    from ktstr.guest.workers.reading import Reading
    from ktstr.model.facts import WorkerFacts
    from ktstr.model.machine.cpuset import CpusetSpec
    from ktstr.model.machine.topology import TopologyView
    from ktstr.model.scenario.limits import Limits
    from ktstr.model.scenario.scenario import CgroupDef, Op
    from ktstr.model.verdict.checks import Checks
    from ktstr.model.work.work import AffinityKind, Work


class Keeper(Protocol):
    """Who makes handles, and does what they are asked for; methods raise as the handles' do."""

    @property
    def view(self) -> TopologyView:
        """The machine."""

    @property
    def people(self) -> Population:
        """The cgroups and workers themselves."""

    @property
    def waiter(self) -> Waiter:
        """Who carries out waits."""

    def check(self, op: Op, what: str) -> None:
        """Refuses what a scenario with all that is there now would be refused for."""

    def make(
        self, name: str, cpuset: CpusetSpec | None, limits: Limits, parent: CgroupHandle | None
    ) -> CgroupHandle:
        """Makes a cgroup, below `parent` if there is one."""

    def start(
        self, cgroup: CgroupHandle | None, work: Work, name: str, checks: Checks | None
    ) -> WorkersHandle:
        """Starts a group of workers, in a cgroup or beside the agent."""

    def stop(self, group: WorkerGroup, index: int) -> tuple[WorkerFacts, ...]:
        """Ends the workers of a handle; returns their facts."""

    def remove(self, handle: CgroupHandle) -> None:
        """Ends the workers of a cgroup, and the cgroup."""


class CgroupHandle:
    """A cgroup that lives until `remove`, or to the end of the function."""

    def __init__(self, keeper: Keeper, name: str, definition: CgroupDef) -> None:
        self._keeper = keeper
        self.name, self.definition = name, definition
        self._removed = False

    def cgroup(
        self, name: str, cpuset: CpusetSpec | None = None, limits: Limits = NO_LIMITS
    ) -> CgroupHandle:
        """Makes a cgroup below this one, which then can have no workers of its own.

        Raises:
            UsageError, InfraError: as `Context.cgroup`.
        """
        self._check("cgroup()")
        return self._keeper.make(name, cpuset, limits, self)

    def start(self, work: Work, *, name: str = "", checks: Checks | None = None) -> WorkersHandle:
        """Starts a group of workers in it; see `Context.start`.

        Raises:
            UsageError: such workers cannot run here.
            InfraError: they cannot be made.
        """
        self._check("start()")
        return self._keeper.start(self, work, name, checks)

    def set_cpuset(self, cpuset: CpusetSpec | None) -> None:
        """Gives it a cpuset, under its workers; None takes it away.

        Raises:
            UsageError: there are no such CPUs, or not here.
            InfraError: the kernel refuses.
        """
        op = SetCpuset(self.name, cpuset) if cpuset is not None else ClearCpuset(self.name)
        self._check("set_cpuset()", op)
        view = self._keeper.view
        cpus = resolve_cpuset(cpuset, view) if cpuset is not None else None
        self._keeper.people.set_cpuset(self.name, cpus)
        self.definition = replace(self.definition, cpuset=cpuset)

    def set_affinity(self, affinity: AffinityKind) -> None:
        """Binds its workers anew, within its cpuset of now; a refusal is an error of theirs.

        Raises:
            UsageError: that leaves them no CPU.
        """
        self._check("set_affinity()", SetAffinity(self.name, affinity))
        self._keeper.people.bind(self.name, affinity)

    def set_limits(self, limits: Limits) -> None:
        """Changes the limits that are given.

        Raises:
            UsageError: they are out of bounds, or do not fit this machine.
            InfraError: the kernel refuses; the file and the text are named.
        """
        self._check("set_limits()", SetLimits(self.name, limits))
        self._keeper.people.set_limits(self.name, limits)
        self.definition = replace(self.definition, limits=over(self.definition.limits, limits))

    def freeze(self) -> None:
        """Stops all below it where it is; UsageError if it is frozen already."""
        self._check("freeze()", Freeze(self.name))
        self._keeper.people.freeze(self.name)

    def thaw(self) -> None:
        """Lets it go on; UsageError if it is not frozen."""
        self._check("thaw()", Thaw(self.name))
        self._keeper.people.thaw(self.name)

    @property
    def cpu_s(self) -> float:
        """CPU seconds that it and those below it have used since it was made."""
        self._check("cpu_s")
        return self._keeper.people.cpu_s(self.name)

    def remove(self) -> None:
        """Ends its workers, keeps their reports, and removes it.

        Raises:
            UsageError: it has a child.
            InfraError: it does not become empty.
        """
        self._check("remove()", RemoveCgroup(self.name))
        self._keeper.remove(self)
        self._removed = True

    def _check(self, operation: str, op: Op | None = None) -> None:
        if self._removed:
            raise UsageError(f"{operation}: cgroup {self.name!r} has been removed")
        if op is not None:
            self._keeper.check(op, f"{operation} of cgroup {self.name!r}")


class WorkersHandle:
    """A group of workers that run until `stop`, or to the end of the function.

    step: the number under which the result has them; name: what it calls them.
    """

    def __init__(
        self, keeper: Keeper, group: WorkerGroup, step: int, name: str, work: Work
    ) -> None:
        self._keeper, self.group = keeper, group
        self.step, self.name, self.work = step, name, work
        self._facts: tuple[WorkerFacts, ...] | None = None

    @property
    def runs(self) -> bool:
        """Whether it has not been stopped; workers may have ended by themselves."""
        return self._facts is None

    def read(self) -> Reading:
        """What the workers have done so far: each for itself, and sums.

        Raises:
            UsageError: they have been stopped; `stop` has returned all there is.
        """
        self.check_runs("read()")
        return read_workers(self.group)

    def wait(
        self,
        *,
        iterations: int = 0,
        work_units: int = 0,
        timeout: float,
        on_timeout: OnTimeout = OnTimeout.INCONCLUSIVE,
    ) -> bool:
        """Waits until the workers together have done so much since their start.

        Returns whether they have: False after OnTimeout.GO_ON alone.

        Raises:
            UsageError: nothing is waited for, the timeout is no time, or they have been stopped.
            TestFailure, InfraError: the time ran out, as `on_timeout` says, or the scheduler went.
        """
        self.check_runs("wait()")
        if max(iterations, work_units) <= 0:
            raise UsageError(f"wait() for nothing of {self.name}: give iterations or work_units")
        wanted = [f"{iterations} iterations"] * bool(iterations)
        wanted += [f"{work_units} units of work"] * bool(work_units)
        what = f"{' and '.join(wanted)} of {self.name}"

        def met() -> bool:
            done = read_workers(self.group)
            return done.iterations >= iterations and done.work_units >= work_units

        def seen() -> str:
            done = read_workers(self.group)
            return f"{done.iterations} iterations, {done.work_units} units of work"

        wait = Wait(what, timeout, on_timeout, self.step)
        return self._keeper.waiter.wait(wait, met, seen)

    def stop(self) -> tuple[WorkerFacts, ...]:
        """Ends the workers, and returns what they report; again, the same."""
        if self._facts is None:
            # before they are asked: what fails on the way must not be tried again
            self._facts = ()
            self._facts = self._keeper.stop(self.group, self.step)
        return self._facts

    def check_runs(self, operation: str) -> None:
        """Refuses what only running workers can do.

        Raises:
            UsageError: they have been stopped.
        """
        if not self.runs:
            raise UsageError(f"{operation}: {self.name} has been stopped")
