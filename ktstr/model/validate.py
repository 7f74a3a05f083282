# SPDX-License-Identifier: Apache-2.0
"""Checks a scenario against a topology before anything boots (spec 2.3 to 2.5)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ktstr.model.cpuset import resolve_cpuset
from ktstr.model.errors import UsageError
from ktstr.model.scenario import (
    AddCgroup,
    CgroupDef,
    ClearCpuset,
    Fixed,
    Frac,
    HoldSpec,
    Loop,
    MoveAllTasks,
    Op,
    RemoveCgroup,
    Scenario,
    SetAffinity,
    SetCpuset,
    Spawn,
    SpawnHost,
    Step,
    StopCgroup,
    SwapCpusets,
)
from ktstr.model.topology import TopologyView
from ktstr.model.work import Work, check_work

MAX_WORKERS = 4096
_LEAVES = (
    "cgroup v2 keeps processes in leaves; give the parent works=None and run its workers in a "
    "child of their own"
)


def check_name(name: str) -> None:
    """Refuses what is no cgroup path below the managed parent.

    Raises:
        UsageError: the name is empty, absolute, or has an empty, `.`, `..` or NUL component.
    """
    if not name:
        raise UsageError("cgroup name is empty")
    if "\0" in name or "\n" in name:
        raise UsageError(f"cgroup name {name!r} holds a NUL or a line break")
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise UsageError(
            f"cgroup name {name!r}: '/' separates plain names, without '.', '..' or empty ones"
        )


def check_hold(hold: HoldSpec) -> None:
    """Refuses holds that are not finite and above 0.

    Raises:
        UsageError: naming the hold.
    """
    value = (
        hold.fraction
        if isinstance(hold, Frac)
        else hold.seconds
        if isinstance(hold, Fixed)
        else hold.interval
    )
    if not math.isfinite(value) or value <= 0:
        raise UsageError(f"{hold}: must be finite and above 0")


def check_scenario(
    scenario: Scenario, view: TopologyView, workers_per_cgroup: int, knobs: bool
) -> None:
    """Plays a scenario's bookkeeping through without running it.

    `knobs` says whether the scheduler takes SetKnob.

    Raises:
        UsageError: with the step and the operation that is wrong, and why.
    """
    if not scenario.steps:
        raise UsageError("the scenario has no step; give at least one Step or use defs(...)")
    ledger = _Ledger(view, workers_per_cgroup, knobs)
    ledger.play("Backdrop", scenario.backdrop.cgroups, (), backdrop=True)
    ledger.play("Backdrop", (), scenario.backdrop.ops, backdrop=True)
    for i, step in enumerate(scenario.steps):
        where = f"step {i}"
        try:
            check_hold(step.hold)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from error
        if isinstance(step.hold, Loop) and not step.ops:
            raise UsageError(f"{where}: {step.hold} repeats the step's ops, and it has none")
        ledger.play_step(where, step)


class _Ledger:
    """Which cgroups exist at a point of the scenario, and who made them."""

    def __init__(self, view: TopologyView, workers: int, knobs: bool) -> None:
        self._view, self._workers, self._knobs = view, workers, knobs
        self._backdrop: set[str] = set()
        self._local: set[str] = set()
        # cgroups that hold workers: now, and of those the ones whose workers outlive the step
        self._populated: set[str] = set()
        self._lasting: set[str] = set()
        self._total = 0

    def play_step(self, where: str, step: Step) -> None:
        self._populated = set(self._lasting)
        self._local = set()
        if isinstance(step.hold, Loop):
            self.play(where, step.setup, step.ops, backdrop=False)
            self.play(f"{where}, second round", (), step.ops, backdrop=False)
            return
        self.play(where, (), step.ops, backdrop=False)
        self.play(where, step.setup, (), backdrop=False)

    def play(
        self, where: str, cgroups: Iterable[CgroupDef], ops: Iterable[Op], *, backdrop: bool
    ) -> None:
        for cgroup in cgroups:
            self._guard(where, f"cgroup {cgroup.name!r}", self._define, cgroup, backdrop)
        for op in ops:
            self._guard(where, type(op).__name__, self._apply, op, backdrop)

    @staticmethod
    def _guard(where: str, what: str, action: object, subject: object, backdrop: bool) -> None:
        assert callable(action)
        try:
            action(subject, backdrop)
        except UsageError as error:
            raise UsageError(f"{where}: {what}: {error}") from error

    def _define(self, cgroup: CgroupDef, backdrop: bool) -> None:
        self._add(cgroup.name, backdrop)
        if cgroup.cpuset is not None:
            resolve_cpuset(cgroup.cpuset, self._view)
        if cgroup.weight is not None and not 1 <= cgroup.weight <= 10000:
            raise UsageError(f"weight {cgroup.weight} is not within 1 to 10000 (cpu.weight)")
        for work in cgroup.works or ():
            self._spawn(work)
            self._populate(cgroup.name, lasting=backdrop)

    def _apply(self, op: Op, backdrop: bool) -> None:
        if isinstance(op, AddCgroup):
            self._add(op.name, backdrop)
        elif isinstance(op, RemoveCgroup):
            self._known(op.name)
            self._backdrop.discard(op.name)
            self._local.discard(op.name)
            self._empty(op.name)
        elif isinstance(op, StopCgroup):
            self._known(op.name)
            self._empty(op.name)
        elif isinstance(op, SetCpuset):
            self._known(op.cgroup)
            resolve_cpuset(op.spec, self._view)
        elif isinstance(op, ClearCpuset | SetAffinity):
            self._known(op.cgroup)
        elif isinstance(op, SwapCpusets):
            self._known(op.a)
            self._known(op.b)
        elif isinstance(op, MoveAllTasks):
            self._known(op.source)
            self._known(op.target)
            if op.source in self._backdrop and op.target in self._local:
                raise UsageError(
                    f"{op.source!r} belongs to the Backdrop and outlives {op.target!r} of this step"
                )
            if op.source in self._populated:
                self._populate(op.target, lasting=op.source in self._lasting)
                self._empty(op.source)
        elif isinstance(op, Spawn):
            self._known(op.cgroup)
            self._spawn(op.work)
            self._populate(op.cgroup, lasting=backdrop)
        elif isinstance(op, SpawnHost):
            self._spawn(op.work)
        elif not self._knobs:
            raise UsageError(
                f"{op.name!r}: this target's scheduler takes no knobs; SetKnob needs an "
                f"scx_scheduler run by the generic loader"
            )

    def _add(self, name: str, backdrop: bool) -> None:
        check_name(name)
        if name in self._backdrop or name in self._local:
            raise UsageError(f"{name!r} exists already at this point of the scenario")
        parent = name.rpartition("/")[0]
        if parent:
            self._known(parent)
            if parent in self._populated:
                raise UsageError(f"its parent {parent!r} has workers: {_LEAVES}")
        (self._backdrop if backdrop else self._local).add(name)

    def _known(self, name: str) -> None:
        check_name(name)
        if name not in self._backdrop and name not in self._local:
            there = ", ".join(sorted(self._backdrop | self._local)) or "none"
            raise UsageError(f"{name!r} does not exist at this point; existing cgroups: {there}")

    def _empty(self, name: str) -> None:
        self._populated.discard(name)
        self._lasting.discard(name)

    def _populate(self, name: str, *, lasting: bool) -> None:
        children = sorted(c for c in self._backdrop | self._local if c.startswith(f"{name}/"))
        if children:
            raise UsageError(f"{name!r} has the child {children[0]!r}: {_LEAVES}")
        self._populated.add(name)
        if lasting:
            self._lasting.add(name)

    def _spawn(self, work: Work) -> None:
        check_work(work)
        self._total += work.count(self._workers)
        if self._total > MAX_WORKERS:
            raise UsageError(f"more than {MAX_WORKERS} workers in one scenario")
