# SPDX-License-Identifier: Apache-2.0
"""The lives of schedulers: loaded, attached, still attached at the end, gone when told to."""

from __future__ import annotations

import itertools
from typing import assert_never

from ktstr.console.findings import ConsoleKind
from ktstr.judge.lives.comeback import comeback, is_interrupted, why_thrown_out
from ktstr.judge.lives.commanded import commanded_life
from ktstr.judge.lives.first_cause import causes, last_words
from ktstr.judge.lives.planned import lives_of
from ktstr.model.enable_state import EnableState
from ktstr.model.exit_kind import ExitKind
from ktstr.model.exit_status import describe_code
from ktstr.model.facts import SchedulerFacts
from ktstr.model.ops_name import ops_matches
from ktstr.model.plan import Plan, SchedulerPlan
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

_IN_ORDER = describe_code(0)
_SHOWN = 3


def scheduler(run: RunRecord) -> list[Detail]:
    """What the schedulers' lives say; that they last is judged unless the test switched it off.

    A plan without a scheduler asks for the opposite: sched_ext must be absent or disabled.
    """
    if not run.schedulers:
        return _from_console(run)
    if run.schedulers[0].phase == SchedulerPhase.NONE:
        return _default_class(run) + _succession(run)
    plans, others = plans_of(run.plan), _compared_with(run.plan)
    details = []
    for facts in run.schedulers:
        if facts.name in plans:
            found = _life(run, plans[facts.name], facts)
            details += _of_another(found) if facts.name in others else found
        else:
            message = f"the guest reports a scheduler {facts.name!r} that the plan does not have"
            details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    return details + _succession(run)


def plans_of(plan: Plan) -> dict[str, SchedulerPlan]:
    """The schedulers of a plan by their names, the one under test first."""
    own = () if plan.scheduler is None else (plan.scheduler,)
    return {each.name: each for each in (*own, *plan.staged)}


def _compared_with(plan: Plan) -> tuple[str, ...]:
    compared = plan.scenario.compared if plan.scenario is not None else None
    return () if compared is None else compared.against


def _of_another(details: list[Detail]) -> list[Detail]:
    """What became of a scheduler that the one under test is compared with: no failure of that."""
    why = "nothing is known of it to compare the scheduler under test with"
    return [
        Detail(each.kind, f"{each.message}; {why}", Verdict.INCONCLUSIVE, each.subject)
        if each.verdict is Verdict.FAIL
        else each
        for each in details
    ]


def never_ran(run: RunRecord) -> bool:
    """Whether the scheduler under test was never attached, so that nothing was tried with it."""
    return bool(run.schedulers) and run.schedulers[0].phase.is_unattached


def was_ejected(facts: SchedulerFacts) -> bool:
    """Whether the kernel threw the scheduler out, or it gave up through scx_bpf_error().

    One that came back by itself has been thrown out, too.
    """
    return is_interrupted(facts) or not _left_in_order(facts)


def _left_in_order(facts: SchedulerFacts) -> bool:
    kind = ExitKind.of(facts.exit_kind)
    return kind is not None and kind.is_in_order


def _life(run: RunRecord, plan: SchedulerPlan, facts: SchedulerFacts) -> list[Detail]:
    if plan.enable:
        return commanded_life(plan, facts)
    if never := _unattached(facts):
        kind, what = never
        why = _why(plan, facts, _said(run, facts))
        return [Detail(kind, f"scheduler {plan.name} {what}: {why}")]
    if run.plan.checks.scheduler_alive is False:
        return []
    if was_ejected(facts):
        return [_ejected(plan, facts)]
    if facts.phase == SchedulerPhase.RUN and not facts.ended_by_us:
        return [_died(plan, facts)]
    return _state(plan, facts)


def _succession(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE where it is not shown that the planned schedulers ran one after the other."""
    details = []
    names = tuple(facts.name for facts in run.schedulers if facts.phase != SchedulerPhase.NONE)
    planned = lives_of(run.plan)
    done = bool(run.scenarios) and all(
        facts.steps_done == facts.steps_planned for facts in run.scenarios
    )
    if done and planned.exact and names != planned.names:
        message = (
            f"the plan runs {', '.join(planned.names) or 'no scheduler'}, one after the other, and "
            f"the guest reported {', '.join(names) or 'none'}"
        )
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    counts = [facts.enable_seq for facts in run.schedulers if facts.attached_ns is not None]
    for before, after in itertools.pairwise(counts):
        if not (before.isdecimal() and after.isdecimal() and int(before) < int(after)):
            message = (
                f"sched_ext's enable_seq was {before or 'unread'} in one life and "
                f"{after or 'unread'} in the next, where an attachment makes it rise: that the "
                f"second one was attached anew is not shown"
            )
            details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    return details


def _from_console(run: RunRecord) -> list[Detail]:
    if run.hello is None:
        return []  # the ending says why: nothing was started yet
    if run.plan.scheduler is not None:
        for finding in run.console or ():
            if finding.kind is ConsoleKind.SCHED_EXT:
                message = (
                    f"scheduler {run.plan.scheduler.name} was thrown out by the kernel "
                    f"(console line {finding.line_number}): {finding.text}"
                )
                return [Detail(Kind.SCHEDULER_EJECTED, message)]
    if run.end is None:
        return []  # it did not get that far
    message = "the guest reported nothing about the state of sched_ext"
    return [Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE)]


def _default_class(run: RunRecord) -> list[Detail]:
    facts = run.schedulers[0]
    if EnableState.is_off(facts.state_end) and EnableState.is_off(facts.state_attached):
        return []
    state = facts.state_end or facts.state_attached
    message = (
        f"this target has no scheduler, but sched_ext is {state} with ops "
        f"{facts.ops_end or facts.ops_attached or '?'}: the default class was not what ran"
    )
    return [Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE)]


def _said(run: RunRecord, facts: SchedulerFacts) -> str:
    """All that a scheduler said, where the log is of it alone; else the end of that."""
    logs = [log.text for log in run.logs if log.source == "scheduler"]
    return logs[0] if len(logs) == len(run.schedulers) == 1 else facts.log_tail


def _unattached(facts: SchedulerFacts) -> tuple[Kind, str] | None:
    """What to call a life that did not come to its attachment; None: it was attached, or none."""
    match facts.phase:
        case SchedulerPhase.START:
            return Kind.SCHEDULER_NOT_LOADED, "did not start"
        case SchedulerPhase.LOAD if _forked_away(facts):
            return Kind.SCHEDULER_NOT_LOADED, "forked away before it was attached"
        case SchedulerPhase.LOAD if facts.exit_status == _IN_ORDER:
            return Kind.SCHEDULER_NOT_LOADED, "ended at once, without an error"
        case SchedulerPhase.LOAD:
            return Kind.SCHEDULER_NOT_LOADED, "was not loaded"
        case SchedulerPhase.ATTACH:
            return Kind.SCHEDULER_NOT_ATTACHED, "never attached"
        case SchedulerPhase.NONE | SchedulerPhase.RUN | SchedulerPhase.DETACHED:
            return None
        case _:
            assert_never(facts.phase)


def _why(plan: SchedulerPlan, facts: SchedulerFacts, said: str) -> str:
    parts = []
    told = bool(facts.exit_reason or facts.exit_message)
    if told:
        parts.append(_exit_record(facts))
    parts += causes(said, () if told else facts.kernel_words)
    if facts.exit_status:
        parts.append(facts.exit_status)
    parts += _left(facts)
    if facts.phase == SchedulerPhase.ATTACH:
        parts.append(
            f"sched_ext is {facts.state_attached or 'absent'} with ops "
            f"{facts.ops_attached or 'none'} where {plan.ops} was expected"
        )
    return "; ".join(parts) or "it left no word; see scheduler.log"


def _forked_away(facts: SchedulerFacts) -> bool:
    return bool(facts.left_running) and facts.exit_status == _IN_ORDER


def _left(facts: SchedulerFacts) -> list[str]:
    """What its process left running, which ktstr does not follow."""
    if not facts.left_running:
        return []
    shown = ", ".join(facts.left_running[:_SHOWN])
    left = f"it left {len(facts.left_running)} of its processes running: {shown}"
    if not _forked_away(facts):
        return [left]
    return [f"{left}; have it stay in the foreground, for the process that is started must be it"]


def _ejected(plan: SchedulerPlan, facts: SchedulerFacts) -> Detail:
    why = why_thrown_out(facts) if _left_in_order(facts) else _exit_record(facts)
    message = f"scheduler {plan.name} was thrown out by the kernel: {why}{comeback(facts)}"
    return Detail(Kind.SCHEDULER_EJECTED, message, subject=facts.exit_kind)


def _exit_record(facts: SchedulerFacts) -> str:
    words = ": ".join(part for part in (facts.exit_reason, facts.exit_message) if part)
    return f"{words or 'no reason given'} (exit kind {facts.exit_kind or '?'})"


def _died(plan: SchedulerPlan, facts: SchedulerFacts) -> Detail:
    parts = [
        f"scheduler {plan.name} ended by itself while the test ran "
        f"({facts.exit_status or 'exit status unknown'})",
        *_left(facts),
        last_words(facts.log_tail),
        *(f"the kernel's log says: {line}" for line in facts.kernel_words[-1:]),
    ]
    message = "; ".join(filter(None, parts))
    return Detail(Kind.SCHEDULER_DIED, message)


def _state(plan: SchedulerPlan, facts: SchedulerFacts) -> list[Detail]:
    details = []
    for moment, state, ops in (
        ("after attachment", facts.state_attached, facts.ops_attached),
        ("at the end", facts.state_end, facts.ops_end),
    ):
        if not state:
            message = f"no sched_ext state was read {moment}; that {plan.name} ran is not shown"
            details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
        elif state != EnableState.ENABLED or not ops_matches(plan.ops, ops):
            gone = Kind.SCHEDULER_DIED if moment == "at the end" else Kind.SCHEDULER_NOT_ATTACHED
            message = (
                f"scheduler {plan.name}: sched_ext is {state} with ops {ops or 'none'} {moment}, "
                f"where enabled with {plan.ops} was expected"
            )
            details.append(Detail(gone, message))
        elif ops_matches(plan.ops, facts.ops_attached) and ops != facts.ops_attached:
            message = (
                f"scheduler {plan.name} was attached as {facts.ops_attached}, and at the end "
                f"sched_ext ran {ops}: another scheduler of the pattern {plan.ops}"
            )
            details.append(Detail(Kind.SCHEDULER_DIED, message))
    if facts.ended_by_us and not facts.detached:
        message = (
            f"scheduler {plan.name} did not detach when it was told to end "
            f"({facts.exit_status or 'it is still running'})"
        )
        details.append(Detail(Kind.HANG, message))
    return details
