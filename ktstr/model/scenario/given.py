# SPDX-License-Identifier: Apache-2.0
"""One scenario of whatever a test function gives to be played."""

from __future__ import annotations

from dataclasses import replace

from ktstr.model.errors import UsageError
from ktstr.model.scenario.scenario import FULL, Backdrop, CgroupDef, HoldSpec, Scenario, Step
from ktstr.model.verdict.checks import Checks

Part = CgroupDef | Step | Scenario


def scenario_of(
    parts: tuple[Part, ...],
    backdrop: Backdrop | None = None,
    hold: HoldSpec | None = None,
    checks: Checks | None = None,
) -> Scenario:
    """One scenario of what `Context.run` was given: cgroups for one step, steps, or a scenario.

    `hold` is that of cgroups; `checks` go under those of each step.

    Raises:
        UsageError: the parts do not go together, or there is none.
    """
    if len(parts) == 1 and isinstance(parts[0], Scenario):
        if parts[0].compared is not None:
            raise UsageError("a comparison is judged on the host: return it from a @scenario")
        steps, below = parts[0].steps, parts[0].backdrop
        if backdrop is not None and below != Backdrop():
            raise UsageError("run() was given a backdrop, and the Scenario has one of its own")
    elif parts and all(isinstance(part, CgroupDef) for part in parts):
        cgroups = tuple(part for part in parts if isinstance(part, CgroupDef))
        steps, below = (Step(setup=cgroups, hold=hold or FULL),), Backdrop()
        hold = None
    elif parts and all(isinstance(part, Step) for part in parts):
        steps, below = tuple(part for part in parts if isinstance(part, Step)), Backdrop()
    else:
        given = ", ".join(type(part).__name__ for part in parts) or "nothing"
        raise UsageError(f"run() takes CgroupDefs, or Steps, or one Scenario; it was given {given}")
    if hold is not None:
        raise UsageError(f"run() was given {hold}, and every Step has a hold of its own")
    if checks is not None:
        steps = tuple(replace(step, checks=_over(checks, step.checks)) for step in steps)
    return Scenario(steps, below if backdrop is None else backdrop)


def _over(below: Checks, checks: Checks | None) -> Checks:
    return below if checks is None else below.merge(checks)
