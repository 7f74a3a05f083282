# SPDX-License-Identifier: Apache-2.0
"""Makes the scenario that plays one workload under the scheduler and under others, in turns."""

from __future__ import annotations

from dataclasses import replace

from ktstr.model.errors import UsageError
from ktstr.model.scenario.relative import EEVDF, Comparison, RelativeClaim, check_comparison
from ktstr.model.scenario.scenario import (
    AddCgroup,
    AddCgroupDef,
    AttachScheduler,
    Backdrop,
    CgroupDef,
    DetachScheduler,
    Frac,
    HoldSpec,
    Loop,
    Op,
    ReplaceScheduler,
    Scenario,
    SchedulerOp,
    Step,
)


def compare(
    *parts: CgroupDef | Step,
    claims: tuple[RelativeClaim, ...],
    repeats: int = 5,
    hold: HoldSpec | None = None,
    backdrop: Backdrop | None = None,
    confidence: float = 0.95,
    against: str | tuple[str, ...] = EEVDF,
) -> Scenario:
    """A scenario that compares the target's scheduler with others, within one boot.

    `parts` are the workload: cgroups for one phase, or steps, each a phase.  It is played `repeats`
    times under each, with fresh workers every time; who goes first alternates.  `hold` is that of
    cgroups; None divides the test's duration equally.  `against`: `EEVDF`, the name of one of the
    target's `staged_schedulers`, or several of them.

    Raises:
        UsageError: the parts do not go together, or nothing could be concluded from them.
    """
    others = (against,) if isinstance(against, str) else tuple(against)
    if isinstance(claims, RelativeClaim):
        raise UsageError(
            f"compare(claims={claims.words}): it takes several; write ({claims.words},)"
        )
    phases = _phases(parts, repeats, hold, 1 + len(others))
    names = tuple(step.name or f"phase {i}" for i, step in enumerate(phases))
    if len(set(names)) < len(names):
        raise UsageError(f"compare(): two phases have one name: {', '.join(names)}")
    comparison = Comparison(tuple(claims), repeats, names, confidence, others)
    check_comparison(comparison)
    for claim in comparison.claims:
        _check_cgroup(claim, phases, names, backdrop or Backdrop())
    steps: list[Step] = []
    now: str | None = None  # the scheduler under test is attached from the beginning
    for index in range(comparison.legs * repeats * len(phases)):
        turn, phase, wanted = comparison.place(index)
        step, ops = phases[phase], _change(now, wanted)
        now = wanted
        name = f"{names[phase]}, pair {turn}, {wanted or 'scheduler'}"
        steps.append(replace(step, ops=(*ops, *step.ops), name=name))
    return Scenario(tuple(steps), backdrop or Backdrop(), compared=comparison)


def _change(now: str | None, wanted: str | None) -> tuple[Op, ...]:
    """What brings one leg's scheduler in where another's is; None: the scheduler under test."""
    if now == wanted:
        return ()
    if wanted == EEVDF:
        return (DetachScheduler(),)
    return (AttachScheduler(wanted or "") if now == EEVDF else ReplaceScheduler(wanted or ""),)


def _check_cgroup(
    claim: RelativeClaim, phases: tuple[Step, ...], names: tuple[str, ...], backdrop: Backdrop
) -> None:
    """Refuses a claim about a cgroup that a phase does not have: it could never be judged there."""
    lasting = _made(backdrop.cgroups, backdrop.ops)
    for phase, name in zip(phases, names, strict=True):
        cgroups = lasting | _made(phase.setup, phase.ops)
        if claim.cgroup is not None and claim.cgroup not in cgroups:
            there = ", ".join(sorted(cgroups)) or "none"
            raise UsageError(
                f"{claim.words}: {name} has no cgroup {claim.cgroup!r}; its cgroups: {there}"
            )


def _made(cgroups: tuple[CgroupDef, ...], ops: tuple[Op, ...]) -> set[str]:
    named = {op.name for op in ops if isinstance(op, AddCgroup)}
    defined = {op.cgroup.name for op in ops if isinstance(op, AddCgroupDef)}
    return {each.name for each in cgroups} | named | defined


def _phases(
    parts: tuple[CgroupDef | Step, ...], repeats: int, hold: HoldSpec | None, legs: int
) -> tuple[Step, ...]:
    cgroups = tuple(part for part in parts if isinstance(part, CgroupDef))
    steps = tuple(part for part in parts if isinstance(part, Step))
    if not parts or len(parts) not in (len(cgroups), len(steps)):
        given = ", ".join(type(part).__name__ for part in parts) or "nothing"
        raise UsageError(f"compare() takes CgroupDefs, or Steps; it was given {given}")
    if cgroups:
        each = Frac(1 / (legs * max(repeats, 1))) if hold is None else hold
        steps = (Step(setup=cgroups, hold=each, name="workload"),)
    elif hold is not None:
        raise UsageError(f"compare() was given {hold}, and every Step has a hold of its own")
    for step in steps:
        if isinstance(step.hold, Loop):
            raise UsageError(f"compare(): {step.hold} lasts to the end of the test, not of a phase")
        if any(isinstance(op, SchedulerOp) for op in step.ops):
            raise UsageError("compare() attaches and detaches the scheduler itself")
    return steps
