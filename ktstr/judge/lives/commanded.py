# SPDX-License-Identifier: Apache-2.0
"""The life of a scheduler that is in the kernel, and is switched on and off by commands."""

from __future__ import annotations

from ktstr.model.enable_state import EnableState
from ktstr.model.facts import SchedulerFacts
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind


def commanded_life(plan: SchedulerPlan, facts: SchedulerFacts) -> list[Detail]:
    """What such a life says: each command did what it was to, and sched_ext was off meanwhile."""
    if facts.phase == SchedulerPhase.START:
        message = (
            f"scheduler {plan.name} was not switched on: {facts.exit_status}; "
            f"scheduler.log has what it said"
        )
        return [Detail(Kind.SCHEDULER_NOT_LOADED, message)]
    if not stayed_off(facts):
        state = facts.state_end if not EnableState.is_off(facts.state_end) else facts.state_attached
        message = (
            f"scheduler {plan.name} is the kernel's own, but sched_ext is {state} with ops "
            f"{facts.ops_end or facts.ops_attached or '?'}: it was not what ran"
        )
        return [Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE)]
    if facts.phase != SchedulerPhase.DETACHED:
        message = (
            f"scheduler {plan.name} was not switched off: {facts.exit_status or 'no word of it'}; "
            f"scheduler.log has what it said"
        )
        return [Detail(Kind.HANG, message)]
    return []


def stayed_off(facts: SchedulerFacts) -> bool:
    """Whether sched_ext was off both after such a scheduler was switched on and at its end."""
    return EnableState.is_off(facts.state_attached) and EnableState.is_off(facts.state_end)
