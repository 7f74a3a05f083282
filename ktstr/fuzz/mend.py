# SPDX-License-Identifier: Apache-2.0
"""A trial without those of its parts that cannot be played."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ktstr.fuzz.grammar import Grammar
from ktstr.fuzz.trial import Trial
from ktstr.model.scenario.scenario import (
    Backdrop,
    CgroupDef,
    Fixed,
    HoldSpec,
    Loop,
    Op,
    Scenario,
    Step,
    Until,
)

_HELD = Fixed(0.05)


@dataclass
class _Building:
    """A scenario that is put together part by part; each part stays if the whole can be played."""

    grammar: Grammar
    duration_s: float
    backdrop: Backdrop
    steps: tuple[Step, ...] = ()

    def fits(self, backdrop: Backdrop, steps: tuple[Step, ...]) -> bool:
        scenario = Scenario(steps or (Step(hold=_HELD),), backdrop)
        return self.grammar.takes(Trial(scenario, self.duration_s))

    def add_below(self, part: CgroupDef | Op) -> None:
        now = self.backdrop
        if isinstance(part, CgroupDef):
            now = Backdrop((*now.cgroups, part), now.ops)
        else:
            now = Backdrop(now.cgroups, (*now.ops, part))
        if self.fits(now, self.steps):
            self.backdrop = now

    def add_step(self, wanted: Step) -> None:
        """The step with those of its ops and cgroups that fit, and a hold that does."""
        step = Step(hold=_HELD, name=wanted.name, checks=wanted.checks)
        for op in wanted.ops:
            step = self._better(step, replace(step, ops=(*step.ops, op)))
        for cgroup in wanted.setup:
            step = self._better(step, replace(step, setup=(*step.setup, cgroup)))
        self.steps = (*self.steps, self._held(step, wanted.hold))

    def _held(self, step: Step, hold: HoldSpec) -> Step:
        held = replace(step, hold=hold)
        if isinstance(hold, Loop | Until):
            return self._better(step, held)
        return held

    def _better(self, step: Step, other: Step) -> Step:
        return other if self.fits(self.backdrop, (*self.steps, other)) else step


def mended(trial: Trial, grammar: Grammar) -> Trial:
    """The trial with all that can be played of it, in its order; the same where that is all."""
    if grammar.takes(trial):
        return trial
    building = _Building(grammar, trial.duration_s, Backdrop())
    for part in (*trial.scenario.backdrop.cgroups, *trial.scenario.backdrop.ops):
        building.add_below(part)
    for step in trial.scenario.steps:
        building.add_step(step)
    return Trial(Scenario(building.steps, building.backdrop), trial.duration_s)
