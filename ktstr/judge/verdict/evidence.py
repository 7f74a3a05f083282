# SPDX-License-Identifier: Apache-2.0
"""What a PASS rests on: each claim is either shown by the run's facts or it is not."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.host.ending import EndingKind
from ktstr.judge.blame.subject import shown_words
from ktstr.judge.checks.all import enabled_limits
from ktstr.judge.lives.commanded import stayed_off
from ktstr.judge.relative.claims import RelativeResult
from ktstr.judge.run.completeness import planned_workers
from ktstr.judge.run.disks import is_as_promised, promise
from ktstr.judge.run.invariants import invariant_words, were_told
from ktstr.judge.run.kernel_log import is_clean
from ktstr.judge.run.known_faults import unexplained
from ktstr.judge.run.payloads import missing, payload_name, planned_payloads
from ktstr.judge.scheduler import plans_of
from ktstr.judge.workers.phases import checks_in_force
from ktstr.model.enable_state import EnableState
from ktstr.model.facts import PayloadFacts, SchedulerFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.model.ops_name import is_pattern, ops_matches
from ktstr.model.payload import PayloadEnd
from ktstr.model.payload_checks import ending, failures, skip_reason
from ktstr.model.plan import SchedulerPlan
from ktstr.model.scheduler_phase import SchedulerPhase
from ktstr.model.verdict.checks import Verdict
from ktstr.record.run import RunRecord


@dataclass(frozen=True)
class Claim:
    """Something that must be true of a run that passes, in words."""

    words: str
    shown: bool


def claims(run: RunRecord, relative: list[RelativeResult]) -> tuple[Claim, ...]:
    """Everything that a PASS of this run needs; `relative`: its `relative_results`."""
    found = [
        _hello(run),
        Claim("the guest powered off by itself", run.ending.kind is EndingKind.EXITED),
        Claim(
            f"all {run.end.frames if run.end else '?'} frames of the guest arrived intact",
            run.end is not None and run.end.frames == run.frames_seen and not run.damages,
        ),
        *_schedulers(run),
        *_subject(run),
    ]
    if run.plan.scenario is not None:
        found += _scenario(run)
    if run.plan.function is not None:
        returned = run.test is not None and run.test.outcome == FunctionEnd.RETURNED
        found.append(Claim(f"{run.plan.function} returned", returned))
    found += [
        Claim(f"{each.claim.words} in {each.phase}: {each.why}", each.verdict is Verdict.PASS)
        for each in relative
    ]
    found += _disks(run)
    found += [_payload(facts) for facts in run.payloads if facts.end is not PayloadEnd.DROPPED]
    measured = sorted({name for checks in checks_in_force(run) for name in enabled_limits(checks)})
    if measured:
        words = f"workers were there to measure ({', '.join(measured)})"
        found.append(Claim(words, bool(run.workers)))
    if run.plan.checks.clean_kernel_log:
        found.append(Claim("the kernel log is clean", is_clean(unexplained(run))))
    if run.plan.checks.invariants and were_told(run):
        found.append(Claim(invariant_words(run), shown=True))
    return tuple(found)


def _hello(run: RunRecord) -> Claim:
    release = run.hello.kernel_release if run.hello else "?"
    words = f"the guest came up with kernel {release} and topology {run.plan.topology}"
    return Claim(words, run.hello is not None)


def _schedulers(run: RunRecord) -> list[Claim]:
    plans, lives = plans_of(run.plan), run.schedulers
    if not plans or (run.plan.scheduler is None and (not lives or not lives[0].name)):
        words = "the default scheduling class ran: sched_ext was off"
        return [Claim(words, bool(lives) and EnableState.is_off(lives[-1].state_end))]
    found = [claim for name in _names(run) for claim in _scheduler(run, plans[name])]
    if len(lives) > 1:
        words = f"each of {len(lives)} schedulers went when it was told to, and sched_ext was off"
        found.append(Claim(words, all(facts.phase == SchedulerPhase.DETACHED for facts in lives)))
    return found


def _subject(run: RunRecord) -> list[Claim]:
    found = shown_words(run)
    return [] if found is None else [Claim(*found)]


def _names(run: RunRecord) -> list[str]:
    """The schedulers that are to have run: the plan's own, and whoever else did."""
    own = [run.plan.scheduler.name] if run.plan.scheduler is not None else []
    known = plans_of(run.plan)
    names = [*own, *(facts.name for facts in run.schedulers if facts.name in known)]
    return list(dict.fromkeys(names))


def _scheduler(run: RunRecord, plan: SchedulerPlan) -> list[Claim]:
    lives = [facts for facts in run.schedulers if facts.name == plan.name]
    found = [_attachment(run, plan, lives)]
    if plan.cgroup:
        words = f"scheduler {plan.name} ran in cgroup {plan.cgroup}"
        found.append(
            Claim(words, bool(lives) and all(each.cgroup == plan.cgroup for each in lives))
        )
    return found


def _attachment(run: RunRecord, plan: SchedulerPlan, lives: list[SchedulerFacts]) -> Claim:
    times = f" {len(lives)} times" if len(lives) > 1 else ""
    if plan.enable:
        words = (
            f"scheduler {plan.name} was switched on{times} by its {len(plan.enable)} commands, and "
            f"sched_ext was off"
        )
        on = all(facts.enabled_ns is not None and stayed_off(facts) for facts in lives)
        return Claim(words, bool(lives) and on)
    if run.plan.checks.scheduler_alive is False:
        attached = bool(lives) and all(facts.attached_ns is not None for facts in lives)
        return Claim(f"scheduler {plan.name} was attached{times}", attached)
    words = f"scheduler {plan.name} was attached{times} as {_real_names(plan, lives)} to the end"
    kept = all(
        facts.state_end == EnableState.ENABLED
        and ops_matches(plan.ops, facts.ops_end)
        and facts.ops_end == facts.ops_attached
        for facts in lives
    )
    return Claim(words, bool(lives) and kept)


def _real_names(plan: SchedulerPlan, lives: list[SchedulerFacts]) -> str:
    """What the kernel called it: of a pattern, the names that were there."""
    if not is_pattern(plan.ops):
        return plan.ops
    names = dict.fromkeys(facts.ops_end for facts in lives if ops_matches(plan.ops, facts.ops_end))
    return f"{', '.join(names) or 'nothing'} ({plan.ops})"


def _scenario(run: RunRecord) -> list[Claim]:
    done = sum(facts.steps_done for facts in run.scenarios)
    planned = sum(facts.steps_planned for facts in run.scenarios)
    workers, starts = planned_workers(run.plan), planned_payloads(run.plan).total()
    found = [Claim(f"{done} of {planned} steps were done", bool(run.scenarios) and done == planned)]
    if workers or run.workers or not starts:
        words = f"{len(run.workers)} workers reported, of at least {workers} planned"
        found.append(Claim(words, len(run.workers) >= workers))
    if starts:
        words = f"{len(run.payloads)} of at least {starts} planned runs of payloads were reported"
        found.append(Claim(words, not missing(run)))
    return found


def _disks(run: RunRecord) -> list[Claim]:
    seen = {facts.name: facts for facts in run.disks}
    return [
        Claim(
            f"disk {disk.name} was there: {promise(disk)}",
            is_as_promised(disk, seen.get(disk.name)),
        )
        for disk in run.plan.disks
    ]


def _payload(facts: PayloadFacts) -> Claim:
    checks = len(facts.checks)
    met = f" and met its {checks} checks" if checks > 1 else " and met its check" if checks else ""
    shown = not facts.error and not failures(facts) and not skip_reason(facts)
    return Claim(f"{payload_name(facts)} {ending(facts)}{met}", shown)
