# SPDX-License-Identifier: Apache-2.0
"""Trials made from nothing, and out of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from ktstr.fuzz.draw import Draw
from ktstr.fuzz.grammar import Grammar
from ktstr.fuzz.holding import nobody_starves_by_right
from ktstr.fuzz.mend import mended
from ktstr.fuzz.trial import Trial, cgroups_of, hold_s, works_of
from ktstr.model.scenario.scenario import (
    Backdrop,
    Loop,
    OfflineCpu,
    OnlineCpu,
    Op,
    Scenario,
    Step,
)

_MOST_CGROUPS, _MOST_STEPS, _MOST_OPS = 3, 4, 4
# What a trial may come to, in workers and in guest seconds: the rest is cut.
_MOST_WORKERS, _MOST_S = 10, 1.2
# The backdrop's workers take a part of a loop's time to start.
_LOOP_S, _INTERVALS_S = 0.6, (0.01, 0.05, 0.1)
# Parts of all trials, steps: with an op in the backdrop, with a loop, with a wait for a hold.
_BELOW, _LOOPS, _WAITS = 0.2, 0.2, 0.1
_TRIES, _UNDONE = 6, 0.3
_FRESH, _SPLICED, _TAME, _STAYS_TAME = 0.3, 0.15, 0.4, 0.8


def generated(grammar: Grammar, random: Random) -> Trial:
    """A trial that can be played: a few cgroups, which a few steps change."""
    draw = Draw(grammar, random, tame=random.random() < _TAME)
    names = [f"cg_{number}" for number in range(random.randint(1, _MOST_CGROUPS))]
    backdrop = Backdrop(tuple(map(draw.cgroup, names)), grammar.settings)
    if draw.chance(_BELOW):
        backdrop = Backdrop(backdrop.cgroups, (*backdrop.ops, draw.op(names)))
    trial = mended(Trial(Scenario((Step(hold=draw.hold()),), backdrop), 1.0), grammar)
    if draw.chance(_LOOPS):
        # it lasts to the end of the duration, of which nothing may have been spent
        trial = Trial(trial.scenario, _LOOP_S)
    for at in range(random.randint(1, _MOST_STEPS)):
        trial = _with_step(trial, at, Step(hold=draw.hold()))
        for _ in range(random.randint(0, _MOST_OPS)):
            trial = _with_op(trial, at, names, draw, grammar)
        trial = _better(trial, _with_hold(trial, at, names, draw), grammar)
    return _cut(trial, grammar)


def varied(trials: Sequence[Trial], grammar: Grammar, random: Random) -> Trial:
    """A trial like one of these, changed in one to three places, or one that is made anew."""
    if not trials or random.random() < _FRESH:
        return generated(grammar, random)
    trial = random.choice(trials)
    if len(trials) > 1 and random.random() < _SPLICED:
        trial = _spliced(trial, random.choice(trials))
    tame = nobody_starves_by_right(trial) and random.random() < _STAYS_TAME
    draw = Draw(grammar, random, tame=tame)
    for _ in range(random.randint(1, 3)):
        trial = random.choice(_CHANGES)(trial, draw)
    return _cut(mended(trial, grammar), grammar)


def _with_op(trial: Trial, at: int, names: Sequence[str], draw: Draw, grammar: Grammar) -> Trial:
    """With one more op, the first of some that can be played there."""
    step = trial.scenario.steps[at]
    for _ in range(_TRIES):
        op = _undone(step, draw) or draw.op(names)
        more = _with_step(trial, at, replace(step, ops=(*step.ops, op)))
        if grammar.takes(more):
            return more
    return trial


def _undone(step: Step, draw: Draw) -> Op | None:
    """Now and then what brings a CPU back that went in this step: hardly ever drawn by chance."""
    gone = [op.cpu for op in step.ops if isinstance(op, OfflineCpu)]
    return OnlineCpu(draw.random.choice(gone)) if gone and draw.chance(_UNDONE) else None


def _with_hold(trial: Trial, at: int, names: Sequence[str], draw: Draw) -> Trial:
    """With a hold that loops, in the first step of a trial that has the time for it, or waits."""
    step = trial.scenario.steps[at]
    if at == 0 and trial.duration_s == _LOOP_S:
        return _with_step(trial, at, replace(step, hold=Loop(draw.random.choice(_INTERVALS_S))))
    if draw.chance(_WAITS):
        return _with_step(
            trial, at, replace(step, hold=draw.waiting_hold(draw.random.choice(names)))
        )
    return trial


def _better(trial: Trial, other: Trial, grammar: Grammar) -> Trial:
    return other if grammar.takes(other) else trial


def _cut(trial: Trial, grammar: Grammar) -> Trial:
    """Without what makes it too dear: its last steps, then the last cgroups of its backdrop."""
    steps, below = trial.scenario.steps, trial.scenario.backdrop
    while len(steps) > 1 and _total_s(steps, trial) > _MOST_S:
        steps = steps[:-1]
    cut = Trial(Scenario(steps, below), trial.duration_s)
    while _workers(cut) > _MOST_WORKERS and (len(steps) > 1 or below.cgroups):
        if len(steps) > 1:
            steps = steps[:-1]
        else:
            below = Backdrop(below.cgroups[:-1], below.ops)
        cut = mended(Trial(Scenario(steps, below), trial.duration_s), grammar)
    return cut


def _total_s(steps: Sequence[Step], trial: Trial) -> float:
    return sum(hold_s(step.hold, trial.duration_s) for step in steps)


def _workers(trial: Trial) -> int:
    return sum(work.workers or 0 for work in works_of(trial))


def _spliced(one: Trial, other: Trial) -> Trial:
    """The backdrop and first steps of one, the last steps of the other."""
    first, last = one.scenario.steps, other.scenario.steps
    kept = [step for step in last[len(last) // 2 :] if not isinstance(step.hold, Loop)]
    steps = (*first[: (len(first) + 1) // 2], *kept)
    return Trial(Scenario(steps, one.scenario.backdrop), one.duration_s)


def _names(trial: Trial) -> list[str]:
    return sorted({each.name for each in cgroups_of(trial)}) or ["cg_0"]


def _op_added(trial: Trial, draw: Draw) -> Trial:
    at = draw.random.randrange(len(trial.scenario.steps))
    step = trial.scenario.steps[at]
    where = draw.random.randint(0, len(step.ops))
    op = draw.op(_names(trial))
    return _with_step(trial, at, replace(step, ops=(*step.ops[:where], op, *step.ops[where:])))


def _op_replaced(trial: Trial, draw: Draw) -> Trial:
    at = draw.random.randrange(len(trial.scenario.steps))
    step = trial.scenario.steps[at]
    if not step.ops:
        return _op_added(trial, draw)
    which = draw.random.randrange(len(step.ops))
    op = draw.op(_names(trial))
    return _with_step(trial, at, replace(step, ops=(*step.ops[:which], op, *step.ops[which + 1 :])))


def _op_dropped(trial: Trial, draw: Draw) -> Trial:
    at = draw.random.randrange(len(trial.scenario.steps))
    step = trial.scenario.steps[at]
    if not step.ops:
        return trial
    which = draw.random.randrange(len(step.ops))
    return _with_step(trial, at, replace(step, ops=(*step.ops[:which], *step.ops[which + 1 :])))


def _cgroup_replaced(trial: Trial, draw: Draw) -> Trial:
    below = trial.scenario.backdrop
    names = [each.name for each in below.cgroups] or ["cg_0"]
    name = draw.random.choice([*names, f"cg_{len(names)}"])
    others = tuple(each for each in below.cgroups if each.name != name)
    backdrop = Backdrop((*others, draw.cgroup(name)), below.ops)
    return Trial(replace(trial.scenario, backdrop=backdrop), trial.duration_s)


def _held_otherwise(trial: Trial, draw: Draw) -> Trial:
    at = draw.random.randrange(len(trial.scenario.steps))
    step = trial.scenario.steps[at]
    if isinstance(step.hold, Loop):
        hold = Loop(draw.random.choice(_INTERVALS_S))
        return _with_step(trial, at, replace(step, hold=hold))
    return _with_step(trial, at, replace(step, hold=draw.hold()))


def _step_added(trial: Trial, draw: Draw) -> Trial:
    ops = tuple(draw.op(_names(trial)) for _ in range(draw.random.randint(0, _MOST_OPS)))
    return _with_step(trial, len(trial.scenario.steps), Step(ops=ops, hold=draw.hold()))


def _with_step(trial: Trial, at: int, step: Step) -> Trial:
    """With that step at a place, or behind the last."""
    steps = trial.scenario.steps
    scenario = replace(trial.scenario, steps=(*steps[:at], step, *steps[at + 1 :]))
    return Trial(scenario, trial.duration_s)


_CHANGES: tuple[Callable[[Trial, Draw], Trial], ...] = (
    _op_added,
    _op_added,
    _op_replaced,
    _op_dropped,
    _cgroup_replaced,
    _held_otherwise,
    _step_added,
)
