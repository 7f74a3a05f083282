# SPDX-License-Identifier: Apache-2.0
"""Which schedulers a plan runs, one life after another."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.plan import Plan
from ktstr.model.scenario.scenario import (
    AttachScheduler,
    Loop,
    Op,
    ReplaceScheduler,
    RestartScheduler,
)


@dataclass(frozen=True)
class Lives:
    """Names of the schedulers in the order of their starts.

    exact: there are no others.  With a Loop nobody knows how often it goes round, and a test
    function may bring in what it likes.
    """

    names: tuple[str, ...]
    exact: bool


def lives_of(plan: Plan) -> Lives:
    """The lives that a plan, which has been checked, comes to."""
    names = [plan.scheduler.name] if plan.scheduler is not None else []
    if plan.scenario is None:
        return Lives(tuple(names), exact=False)
    for op in plan.scenario.backdrop.ops:
        names += _started(op, names)
    exact = True
    for step in plan.scenario.steps:
        before = len(names)
        for op in step.ops:
            names += _started(op, names)
        exact &= len(names) == before or not isinstance(step.hold, Loop)
    return Lives(tuple(names), exact)


def _started(op: Op, names: list[str]) -> list[str]:
    """The life that an op begins after those of `names`; the last of these is the one attached."""
    if isinstance(op, RestartScheduler):
        return names[-1:]
    if isinstance(op, AttachScheduler | ReplaceScheduler):
        return [op.name or names[0]]
    return []
