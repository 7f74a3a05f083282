# SPDX-License-Identifier: Apache-2.0
"""Keeps account of a scenario's cgroups and payloads while its steps are gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ktstr.model.errors import UsageError
from ktstr.model.machine.cpulist import format_cpulist
from ktstr.model.machine.cpuset import CpusetSpec, resolve_cpuset
from ktstr.model.machine.disk import Disk
from ktstr.model.machine.topology import TopologyView
from ktstr.model.payload import Payload
from ktstr.model.scenario.conditions import Condition, CpuTime, EventSeen, GlobalValue, check_wait
from ktstr.model.scenario.inside import InsideCondition, InsideOp
from ktstr.model.scenario.limits import Limits, check_limits
from ktstr.model.scenario.scenario import (
    AddCgroup,
    AddCgroupDef,
    CaptureProcs,
    CgroupDef,
    ClearCpuset,
    CpuOp,
    Freeze,
    KillPayload,
    MoveAllTasks,
    Op,
    RemoveCgroup,
    RunPayload,
    SchedulerOp,
    SetAffinity,
    SetCpuset,
    SetKnob,
    SetLimits,
    Spawn,
    SpawnHost,
    StopCgroup,
    SwapCpusets,
    Thaw,
    Until,
    WaitFor,
    WaitPayload,
)
from ktstr.model.validation.cgroup_name import check_name
from ktstr.model.validation.cpu_ledger import CpuLedger
from ktstr.model.validation.payload_ledger import PayloadLedger
from ktstr.model.validation.scheduler_ledger import SchedulerLedger
from ktstr.model.work.disk import check_disk_work
from ktstr.model.work.place import check_affinity, check_place
from ktstr.model.work.work import Work, check_work

MAX_WORKERS = 4096
_LEAVES = (
    "cgroup v2 keeps processes in leaves; give the parent works=None and run its workers in a "
    "child of their own"
)


@dataclass
class _Cgroup:
    """lasting: it outlives the step.  workers: those of now; lasting_workers outlive the step, and
    step_workers end with it, which thaws what they are in.

    mems: NUMA nodes that its memory may come from; None: as its parent's.
    """

    lasting: bool
    cpuset: frozenset[int] | None = None
    mems: frozenset[int] | None = None
    frozen: bool = False
    workers: bool = False
    lasting_workers: bool = False
    step_workers: bool = False


class Ledger:
    """Which cgroups exist at a point of a scenario, what they allow, and what runs in them.

    All methods raise UsageError, with `where` in front, for what the guest could not do.
    """

    def __init__(
        self,
        view: TopologyView,
        workers_per_cgroup: int,
        schedulers: SchedulerLedger,
        payloads: tuple[Payload, ...] = (),
        disks: tuple[Disk, ...] = (),
        offline: frozenset[int] = frozenset(),
    ) -> None:
        self._disks = disks
        self._cpus = CpuLedger(view.cpus, offline)
        self._view, self._workers, self._schedulers = view, workers_per_cgroup, schedulers
        self._payloads = PayloadLedger(payloads)
        self._cgroups: dict[str, _Cgroup] = {}
        self._total = 0

    def end_step(self) -> None:
        """Takes away what the last step made."""
        for name in [name for name, each in self._cgroups.items() if not each.lasting]:
            self._stop(name)
            del self._cgroups[name]
        for name, cgroup in self._cgroups.items():
            if cgroup.step_workers:
                self._thaw_around(name)
            cgroup.workers, cgroup.step_workers = cgroup.lasting_workers, False
        self._payloads.end_step()
        self._cpus.end_step()

    def define(self, where: str, cgroups: Iterable[CgroupDef], *, lasting: bool) -> None:
        """Enters cgroups of a step or (lasting) of the backdrop."""
        for cgroup in cgroups:
            what = f"cgroup {cgroup.name!r}"
            _guarded(where, what, partial(self._define, cgroup, lasting))

    def apply(self, where: str, ops: Iterable[Op], *, lasting: bool) -> None:
        """Enters what ops of a step or (lasting) of the backdrop do."""
        for op in ops:
            _guarded(where, type(op).__name__, partial(self._apply, op, lasting))

    def _define(self, cgroup: CgroupDef, lasting: bool) -> None:
        self._add(cgroup.name, lasting)
        if cgroup.cpuset is not None:
            self._confine(cgroup.name, cgroup.cpuset)
        self._limit(cgroup.name, cgroup.limits)
        for work in cgroup.works or ():
            self._spawn(cgroup.name, work, lasting)

    def hold(self, where: str, hold: Until) -> None:
        """Enters a hold that waits for a condition."""
        _guarded(where, "Until", partial(self._await, hold.condition, hold.timeout))

    def _apply(self, op: Op, lasting: bool) -> None:
        if isinstance(op, AddCgroup):
            self._add(op.name, lasting)
        elif isinstance(op, AddCgroupDef):
            self._define(op.cgroup, lasting)
        elif isinstance(op, RemoveCgroup):
            self._remove(op.name)
        elif isinstance(op, StopCgroup):
            self._stop(op.name)
        elif isinstance(op, SetCpuset):
            self._known(op.cgroup)
            self._confine(op.cgroup, op.spec)
            self._check_nesting()
        elif isinstance(op, ClearCpuset):
            self._known(op.cgroup).cpuset = None
        elif isinstance(op, SetAffinity):
            self._known(op.cgroup)
            check_affinity(op.affinity, self._usable(op.cgroup), self._view)
        elif isinstance(op, SetLimits):
            self._known(op.cgroup)
            self._limit(op.cgroup, op.limits)
        elif isinstance(op, Freeze | Thaw):
            self._freeze(op.cgroup, isinstance(op, Freeze))
        elif isinstance(op, CaptureProcs):
            self._known(op.cgroup)
        elif isinstance(op, WaitFor):
            self._await(op.condition, op.timeout)
        elif isinstance(op, SwapCpusets):
            a, b = self._known(op.a), self._known(op.b)
            a.cpuset, b.cpuset = b.cpuset, a.cpuset
            self._check_nesting()
            for each in (a, b):
                self._cpus.check_some_online(each.cpuset or frozenset())
        elif isinstance(op, MoveAllTasks):
            self._move(op.source, op.target)
        elif isinstance(op, Spawn):
            self._known(op.cgroup)
            self._spawn(op.cgroup, op.work, lasting)
        elif isinstance(op, SpawnHost):
            self._count(op.work)
            check_place(op.work, self._cpus.online, self._view)
        elif isinstance(op, RunPayload):
            cgroup = self._payloads.run(op, lasting)
            if cgroup is not None:
                self._known(cgroup)
                self._refuse_children(cgroup)
        elif isinstance(op, WaitPayload | KillPayload):
            self._payloads.end(op)
        elif isinstance(op, SetKnob):
            self._schedulers.check_variable(op.name)
        elif isinstance(op, CpuOp):
            self._cpus.apply(op, lasting=lasting)
        elif isinstance(op, SchedulerOp):
            self._schedulers.apply(op)
        elif isinstance(op, InsideOp):
            self._look_inside(op)
        else:
            raise UsageError(f"{op!r} is no op")

    def _add(self, name: str, lasting: bool) -> None:
        check_name(name)
        if name in self._cgroups:
            raise UsageError(f"{name!r} exists already at this point of the scenario")
        parent = name.rpartition("/")[0]
        if parent and self._known(parent).workers:
            raise UsageError(f"its parent {parent!r} has workers: {_LEAVES}")
        if parent:
            self._payloads.refuse_child(parent)
        if parent and lasting and not self._known(parent).lasting:
            raise UsageError(f"it outlives its parent {parent!r} of this step")
        self._cgroups[name] = _Cgroup(lasting)

    def _remove(self, name: str) -> None:
        self._known(name)
        child = self._child(name)
        if child:
            raise UsageError(f"{name!r} has the child {child!r}; remove that first")
        self._payloads.refuse_removal(name)
        self._stop(name)
        del self._cgroups[name]

    def _confine(self, name: str, spec: CpusetSpec) -> None:
        cpus, parent = resolve_cpuset(spec, self._view), name.rpartition("/")[0]
        pool = self._pool(parent)
        if not cpus <= pool:
            raise UsageError(
                f"{spec} means CPUs {format_cpulist(cpus)}, but its parent {parent!r} has only "
                f"{format_cpulist(pool)}, and the kernel gives no child more than its parent"
            )
        self._cpus.check_some_online(cpus)
        self._cgroups[name].cpuset = cpus

    def _check_nesting(self) -> None:
        """Refuses a cpuset that is not within those above: the kernel would quietly give others."""
        for name, cgroup in self._cgroups.items():
            pool = self._pool(name.rpartition("/")[0])
            if cgroup.cpuset is not None and not cgroup.cpuset <= pool:
                raise UsageError(
                    f"then {name!r} has CPUs {format_cpulist(cgroup.cpuset)}, and what is above it "
                    f"only {format_cpulist(pool)}; change {name!r} first"
                )

    def _pool(self, name: str) -> frozenset[int]:
        """The CPUs that workers of `name` may use: the nearest cpuset going up, else all."""
        while name:
            cpuset = self._known(name).cpuset
            if cpuset is not None:
                return cpuset
            name = name.rpartition("/")[0]
        return self._view.cpus

    def _usable(self, name: str) -> frozenset[int]:
        """The CPUs of `_pool` that are online; where none is, those of what is above."""
        while name:
            here = (self._known(name).cpuset or frozenset()) & self._cpus.online
            if here:
                return here
            name = name.rpartition("/")[0]
        return self._cpus.online

    def _limit(self, name: str, limits: Limits) -> None:
        check_limits(limits)
        if limits.io_weight is not None and not self._disks:
            raise UsageError("io_weight has no effect: the target has no disk; see its `disks`")
        if limits.mems is None:
            return
        mems, nodes = frozenset(limits.mems), frozenset(range(len(self._view.nodes)))
        if not mems <= nodes:
            raise UsageError(
                f"mems names the NUMA nodes {format_cpulist(mems)}; the machine has "
                f"{format_cpulist(nodes)}"
            )
        above = name.rpartition("/")[0]
        while above and self._known(above).mems is None:
            above = above.rpartition("/")[0]
        allowed = self._known(above).mems if above else nodes
        if allowed is not None and not mems <= allowed:
            raise UsageError(
                f"mems names the NUMA nodes {format_cpulist(mems)}, and {above!r} above it has "
                f"only {format_cpulist(allowed)}"
            )
        self._cgroups[name].mems = mems
        for below, cgroup in self._cgroups.items():
            if below.startswith(f"{name}/") and not (cgroup.mems or mems) <= mems:
                raise UsageError(
                    f"mems names the NUMA nodes {format_cpulist(mems)}, and {below!r} below it "
                    f"has {format_cpulist(cgroup.mems or ())}; change {below!r} first"
                )

    def _freeze(self, name: str, frozen: bool) -> None:
        cgroup = self._known(name)
        if cgroup.frozen == frozen:
            state = "is frozen already" if frozen else "is not frozen"
            raise UsageError(f"{name!r} {state} at this point")
        cgroup.frozen = frozen

    def _stop(self, name: str) -> None:
        """Ends the workers of a cgroup, which thaws what they are in."""
        cgroup = self._known(name)
        if cgroup.workers:
            self._thaw_around(name)
        _empty(cgroup)

    def _thaw_around(self, name: str) -> None:
        while name:
            if name in self._cgroups:
                self._cgroups[name].frozen = False
            name = name.rpartition("/")[0]

    def _await(self, condition: Condition, timeout: float) -> None:
        check_wait(condition, timeout)
        if isinstance(condition, GlobalValue):
            self._schedulers.check_variable(condition.name)
        elif isinstance(condition, InsideCondition):
            self._look_inside(condition)
        elif not isinstance(condition, EventSeen):
            self._known(condition.cgroup)
            if not isinstance(condition, CpuTime) and not self._busy(condition.cgroup):
                raise UsageError(f"{condition}: no worker is in {condition.cgroup!r} at this point")

    def _look_inside(self, what: InsideOp | InsideCondition) -> None:
        from ktstr.model.validation.inside import check_inside  # few scenarios do

        check_inside(what, self._view.cpus, self._schedulers.attached)

    def _busy(self, top: str) -> bool:
        """Whether there are workers in a cgroup or below it."""
        return any(
            cgroup.workers and (name == top or name.startswith(f"{top}/"))
            for name, cgroup in self._cgroups.items()
        )

    def _move(self, source: str, target: str) -> None:
        origin, goal = self._known(source), self._known(target)
        if origin.lasting and not goal.lasting:
            raise UsageError(f"{source!r} belongs to the Backdrop and outlives {target!r}")
        if origin.workers:
            lasting, brief = origin.lasting_workers, origin.step_workers
            _empty(origin)
            self._populate(target, lasting)
            goal.step_workers |= brief

    def _spawn(self, name: str, work: Work, lasting: bool) -> None:
        self._count(work)
        check_place(work, self._usable(name), self._view)
        self._populate(name, lasting)

    def _populate(self, name: str, lasting: bool) -> None:
        self._refuse_children(name)
        cgroup = self._cgroups[name]
        cgroup.workers = True
        cgroup.lasting_workers |= lasting
        cgroup.step_workers |= not lasting

    def _refuse_children(self, name: str) -> None:
        child = self._child(name)
        if child:
            raise UsageError(f"{name!r} has the child {child!r}: {_LEAVES}")

    def _count(self, work: Work) -> None:
        check_work(work)
        check_disk_work(work.type, self._disks)
        self._total += work.count(self._workers, len(self._view.cpus))
        if self._total > MAX_WORKERS:
            raise UsageError(f"more than {MAX_WORKERS} workers in one scenario")

    def _child(self, name: str) -> str:
        return min((each for each in self._cgroups if each.startswith(f"{name}/")), default="")

    def _known(self, name: str) -> _Cgroup:
        check_name(name)
        if name not in self._cgroups:
            there = ", ".join(sorted(self._cgroups)) or "none"
            raise UsageError(f"{name!r} does not exist at this point; existing cgroups: {there}")
        return self._cgroups[name]


def _empty(cgroup: _Cgroup) -> None:
    cgroup.workers = cgroup.lasting_workers = cgroup.step_workers = False


def _guarded(where: str, what: str, action: Callable[[], None]) -> None:
    try:
        action()
    except UsageError as error:
        raise UsageError(f"{where}: {what}: {error}") from error
