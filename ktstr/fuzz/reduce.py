# SPDX-License-Identifier: Apache-2.0
"""Smaller trials than a given one, those that take most away first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ktstr.fuzz.grammar import Grammar
from ktstr.fuzz.mend import mended
from ktstr.fuzz.trial import Trial, measure
from ktstr.model.scenario.limits import NO_LIMITS, Limits
from ktstr.model.scenario.scenario import (
    AddCgroupDef,
    Backdrop,
    CgroupDef,
    Fixed,
    Loop,
    Op,
    Scenario,
    SetLimits,
    Spawn,
    SpawnHost,
    Step,
    Until,
)
from ktstr.model.work.kind import WorkType
from ktstr.model.work.policy import Policy
from ktstr.model.work.types import CpuSpin
from ktstr.model.work.work import Inherit, Mode, Work

T = TypeVar("T")

_SHORTEST_S = 0.01


def reductions(trial: Trial, grammar: Grammar) -> Iterator[Trial]:
    """Trials that can be played and are smaller, by `measure`; each once."""
    size, seen = measure(trial), {trial.digest()}
    for wanted in _wanted(trial):
        smaller = mended(wanted, grammar)
        digest = smaller.digest()
        if digest not in seen and measure(smaller) < size:
            seen.add(digest)
            yield smaller


def _wanted(trial: Trial) -> Iterator[Trial]:
    scenario = trial.scenario
    steps, below = scenario.steps, scenario.backdrop
    for fewer in without_some(steps):
        if fewer:
            yield _of(trial, fewer, below)
    for cgroups in without_some(below.cgroups):
        yield _of(trial, steps, Backdrop(cgroups, below.ops))
    for ops in without_some(below.ops):
        yield _of(trial, steps, Backdrop(below.cgroups, ops))
    for at, step in enumerate(steps):
        for fewer_ops in without_some(step.ops):
            yield _stepped(trial, at, replace(step, ops=fewer_ops))
        for setup in without_some(step.setup):
            yield _stepped(trial, at, replace(step, setup=setup))
    yield from _plainer(trial)
    yield from _shorter(trial)


def without_some(items: Sequence[T]) -> Iterator[tuple[T, ...]]:
    """The items without all, halves, quarters, and each of them: as delta debugging has it."""
    size = len(items)
    while size:
        for start in range(0, len(items), size):
            yield (*items[:start], *items[start + size :])
        size //= 2


def _plainer(trial: Trial) -> Iterator[Trial]:
    """With one cgroup, group of workers or op that says less."""
    steps, below = trial.scenario.steps, trial.scenario.backdrop
    for at, cgroup in enumerate(below.cgroups):
        for plain in _of_cgroup(cgroup):
            yield _of(trial, steps, Backdrop(_swapped(below.cgroups, at, plain), below.ops))
    for at, op in enumerate(below.ops):
        for other in _of_op(op):
            yield _of(trial, steps, Backdrop(below.cgroups, _swapped(below.ops, at, other)))
    for number, step in enumerate(steps):
        for at, cgroup in enumerate(step.setup):
            for plain in _of_cgroup(cgroup):
                yield _stepped(trial, number, replace(step, setup=_swapped(step.setup, at, plain)))
        for at, op in enumerate(step.ops):
            for other in _of_op(op):
                yield _stepped(trial, number, replace(step, ops=_swapped(step.ops, at, other)))


def _of_cgroup(cgroup: CgroupDef) -> Iterator[CgroupDef]:
    if cgroup.cpuset is not None:
        yield replace(cgroup, cpuset=None)
    if cgroup.limits != NO_LIMITS:
        yield replace(cgroup, limits=NO_LIMITS)
        if cgroup.limits.weight is not None:
            yield replace(cgroup, limits=replace(cgroup.limits, weight=None))
        if cgroup.limits.quota is not None:
            yield replace(cgroup, limits=Limits(weight=cgroup.limits.weight))
    works = cgroup.works or ()
    for fewer in without_some(works):
        yield replace(cgroup, works=fewer or None)
    for at, work in enumerate(works):
        for plain in _of_work(work):
            yield replace(cgroup, works=_swapped(works, at, plain))


def _of_op(op: Op) -> Iterator[Op]:
    if isinstance(op, Spawn | SpawnHost):
        yield from (replace(op, work=plain) for plain in _of_work(op.work))
    elif isinstance(op, AddCgroupDef):
        yield from (replace(op, cgroup=plain) for plain in _of_cgroup(op.cgroup))
    elif isinstance(op, SetLimits) and op.limits.weight is not None and op.limits.quota is not None:
        yield replace(op, limits=replace(op.limits, weight=None))


def _of_work(work: Work) -> Iterator[Work]:
    size = work.type.group_size
    if not isinstance(work.type, CpuSpin):
        yield replace(work, type=CpuSpin(), workers=1)
        yield from (replace(work, type=kind) for kind in _of_type(work.type))
    if work.workers is not None and work.workers > size:
        yield replace(work, workers=size)
        yield replace(work, workers=work.workers - size)
    if work.policy is not Policy.NORMAL:
        yield replace(work, policy=Policy.NORMAL, rt_priority=0, deadline=None)
    if work.rt_priority > 1:
        yield replace(work, rt_priority=1)
    if work.nice:
        yield replace(work, nice=0)
    if not isinstance(work.affinity, Inherit):
        yield replace(work, affinity=Inherit())
    if work.mode is not Mode.PROCESS:
        yield replace(work, mode=Mode.PROCESS)


def _of_type(kind: WorkType) -> Iterator[WorkType]:
    """The type with the parameters that it has by itself."""
    if type(kind)() != kind:
        yield type(kind)()


def _shorter(trial: Trial) -> Iterator[Trial]:
    """With one hold that is simpler, or half as long."""
    for at, step in enumerate(trial.scenario.steps):
        hold = step.hold
        if isinstance(hold, Until):
            yield _stepped(trial, at, replace(step, hold=Fixed(hold.timeout)))
        elif isinstance(hold, Loop):
            yield _stepped(trial, at, replace(step, hold=Fixed(trial.duration_s)))
            if trial.duration_s >= 4 * hold.interval:
                yield Trial(trial.scenario, trial.duration_s / 2)
        elif isinstance(hold, Fixed) and hold.seconds >= 2 * _SHORTEST_S:
            half = Fixed(max(_SHORTEST_S, round(hold.seconds / 2, 2)))
            yield _stepped(trial, at, replace(step, hold=half))


def _swapped(items: Sequence[T], at: int, item: T) -> tuple[T, ...]:
    return (*items[:at], item, *items[at + 1 :])


def _stepped(trial: Trial, at: int, step: Step) -> Trial:
    steps = trial.scenario.steps
    return _of(trial, (*steps[:at], step, *steps[at + 1 :]), trial.scenario.backdrop)


def _of(trial: Trial, steps: Sequence[Step], below: Backdrop) -> Trial:
    return Trial(Scenario(tuple(steps), below), trial.duration_s)
