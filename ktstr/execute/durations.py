# SPDX-License-Identifier: Apache-2.0
"""How long a plan's test takes, in guest seconds, and a guest at the very least."""

from __future__ import annotations

from ktstr.model.plan import Plan
from ktstr.model.scenario.parts import ops_of
from ktstr.model.scenario.scenario import (
    Fixed,
    Frac,
    HoldSpec,
    Loop,
    RunPayload,
    Scenario,
    SchedulerOp,
    Until,
    WaitFor,
    WaitPayload,
)
from ktstr.model.wire.recording import LABOUR_S, Labour
from ktstr.model.wire.stats import ANSWER_S

# Host seconds that a guest's boot, set-up and teardown take at the very least, on any accelerator.
LEAST_S = 3.0


# The guest gives up its recorder first, ends it and says so.
_GIVING_UP_S = 10.0


def labour_s(labour: Labour) -> float:
    """Host seconds that the test may wait for its recorder at most, on any accelerator."""
    return LABOUR_S[labour] + _GIVING_UP_S


def body_s(plan: Plan) -> float:
    """Guest seconds that the body of a plan's test may take."""
    limits = plan.deadlines
    if plan.function is not None or plan.command:
        return limits.test_s + limits.collect_s
    assert plan.scenario is not None
    steps = len(plan.scenario.steps)
    held = played_s(plan.scenario, plan.duration_s)
    waits, starts = waits_of(plan.scenario)
    waits += attachment_waits(plan)
    if plan.scheduler is not None and plan.scheduler.stats_socket:
        waits += steps * 2 * ANSWER_S
    return held + waits + (steps + starts + 1) * (limits.start_s + limits.collect_s)


def played_s(scenario: Scenario, duration_s: float) -> float:
    """Guest seconds that the holds of a scenario come to."""
    return sum(_hold_s(step.hold, duration_s) for step in scenario.steps)


def waits_of(scenario: Scenario) -> tuple[float, int]:
    """Guest seconds that waiting ops may add to the holds, and how many payloads are started.

    A Loop begins no round after the test's duration, so one round comes on top of its hold.
    """
    ops = list(ops_of(scenario))
    waits = sum(op.timeout for op in ops if isinstance(op, WaitPayload | WaitFor))
    return waits, sum(isinstance(op, RunPayload) for op in ops)


def attachment_waits(plan: Plan) -> float:
    """Guest seconds that ops on schedulers may add to the holds of the plan's scenario."""
    if plan.scenario is None:
        return 0.0
    changes = sum(isinstance(op, SchedulerOp) for op in ops_of(plan.scenario))
    schedulers = (*(() if plan.scheduler is None else (plan.scheduler,)), *plan.staged)
    attach = max((each.attach_timeout_s for each in schedulers), default=0.0)
    return changes * (attach + plan.deadlines.detach_s)


def _hold_s(hold: HoldSpec, duration_s: float) -> float:
    match hold:
        case Frac():
            return hold.fraction * duration_s
        case Fixed():
            return hold.seconds
        case Loop():
            return duration_s
        case Until():
            return hold.timeout
