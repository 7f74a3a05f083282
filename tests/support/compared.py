# SPDX-License-Identifier: Apache-2.0
"""Runs that compare a scheduler with EEVDF."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from ktstr.model.facts import ScenarioFacts, SchedulerFacts, StepFacts
from ktstr.model.scenario.comparison import compare
from ktstr.model.scenario.relative import RelativeClaim
from ktstr.model.scenario.scenario import CgroupDef, Scenario
from ktstr.model.verdict.checks import Checks
from ktstr.model.wire.witness import RanUnder, SchedClass
from ktstr.model.work.work import Work
from ktstr.record.run import RunRecord
from tests.support import runs

_LEG = runs.S


def comparison_of(*claims: RelativeClaim, repeats: int) -> Scenario:
    """One worker, compared in one phase."""
    return compare(CgroupDef("cg_0", works=(Work(workers=1),)), claims=claims, repeats=repeats)


def compared_run(
    values: Sequence[tuple[int, int]], *claims: RelativeClaim, **changes: Any
) -> RunRecord:
    """A run whose legs of a second did so many iterations: pairs of (scheduler, EEVDF)."""
    scenario = comparison_of(*claims, repeats=len(values))
    assert scenario.compared is not None
    steps, workers, lives = [], [], list[SchedulerFacts]()
    seen = []
    for index in range(2 * len(values)):
        begin = (2 + 2 * index) * _LEG
        pair, _, baseline = scenario.compared.place(index)
        steps.append(
            StepFacts(index, scenario.steps[index].name, begin, begin + _LEG, begin + _LEG)
        )
        workers.append(
            runs.worker(
                step=index,
                iterations=values[pair][baseline],
                started_ns=begin,
                ended_ns=begin + _LEG,
            )
        )
        name = SchedClass.FAIR if baseline else SchedClass.EXT
        seen.append(RanUnder(index, begin, begin + _LEG, "cg_0", 100, {name: 900}))
        if not baseline and (index == 0 or scenario.compared.place(index - 1)[2]):
            lives.append(
                runs.scheduler(attached_ns=begin - 1, enable_seq=str(index), ended_ns=begin + _LEG)
            )
        elif not baseline:
            lives[-1] = dataclasses.replace(lives[-1], ended_ns=begin + _LEG)
    end = steps[-1].torn_down_ns
    facts = ScenarioFacts(_LEG, end, len(steps), len(steps), steps=tuple(steps))
    made: dict[str, Any] = {
        "workers": tuple(workers),
        "schedulers": tuple(lives),
        "scenarios": (facts,),
        "ran_under": tuple(seen),
    }
    plan = runs.plan(scenario=scenario, checks=Checks(not_starved=True), duration_s=10.0)
    return runs.good_run(plan, **made | changes)
