# SPDX-License-Identifier: Apache-2.0
"""Runs that compare a scheduler with others."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from ktstr.model.facts import ScenarioFacts, SchedulerFacts, StepFacts
from ktstr.model.scenario.comparison import compare
from ktstr.model.scenario.relative import EEVDF, RelativeClaim
from ktstr.model.scenario.scenario import CgroupDef, Scenario
from ktstr.model.verdict.checks import Checks
from ktstr.model.wire.witness import RanUnder, SchedClass
from ktstr.model.work.work import Work
from ktstr.record.run import RunRecord
from tests.support import runs

_LEG = runs.S


def comparison_of(
    *claims: RelativeClaim, repeats: int, against: tuple[str, ...] = (EEVDF,)
) -> Scenario:
    """One worker, compared in one phase."""
    cgroup = CgroupDef("cg_0", works=(Work(workers=1),))
    return compare(cgroup, claims=claims, repeats=repeats, against=against)


def compared_run(
    values: Sequence[tuple[int, ...]],
    *claims: RelativeClaim,
    against: tuple[str, ...] = (EEVDF,),
    **changes: Any,
) -> RunRecord:
    """A run whose legs of a second did so many iterations: (scheduler, *against) of each round."""
    scenario = comparison_of(*claims, repeats=len(values), against=against)
    assert scenario.compared is not None
    now: str | None = ""
    steps, workers, lives = [], [], list[SchedulerFacts]()
    seen = []
    for index in range(len(scenario.steps)):
        begin = (2 + 2 * index) * _LEG
        turn, _, who = scenario.compared.place(index)
        steps.append(
            StepFacts(index, scenario.steps[index].name, begin, begin + _LEG, begin + _LEG)
        )
        workers.append(
            runs.worker(
                step=index,
                iterations=values[turn][0 if who is None else 1 + against.index(who)],
                started_ns=begin,
                ended_ns=begin + _LEG,
            )
        )
        name = SchedClass.FAIR if who == EEVDF else SchedClass.EXT
        seen.append(RanUnder(index, begin, begin + _LEG, "cg_0", 100, {name: 900}))
        if who not in (now, EEVDF):
            life = runs.scheduler(
                attached_ns=begin - 1, enable_seq=str(index), ended_ns=begin + _LEG
            )
            lives.append(life if who is None else dataclasses.replace(life, name=who))
        elif who != EEVDF:
            lives[-1] = dataclasses.replace(lives[-1], ended_ns=begin + _LEG)
        now = who
    end = steps[-1].torn_down_ns
    facts = ScenarioFacts(_LEG, end, len(steps), len(steps), steps=tuple(steps))
    made: dict[str, Any] = {
        "workers": tuple(workers),
        "schedulers": tuple(lives),
        "scenarios": (facts,),
        "ran_under": tuple(seen),
    }
    plan = runs.plan(scenario=scenario, checks=Checks(not_starved=True), duration_s=10.0)
    assert plan.scheduler is not None
    staged = [dataclasses.replace(plan.scheduler, name=each) for each in against if each != EEVDF]
    plan = dataclasses.replace(plan, staged=tuple(staged))
    return runs.good_run(plan, **made | changes)
