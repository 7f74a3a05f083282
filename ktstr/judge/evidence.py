# SPDX-License-Identifier: Apache-2.0
"""What a PASS rests on: each claim is either shown by the run's facts or it is not."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.judge.completeness import planned_workers
from ktstr.judge.disks import is_as_promised, promise
from ktstr.judge.payloads import missing, payload_name, planned_payloads
from ktstr.judge.phases import parts
from ktstr.judge.record import RunRecord
from ktstr.judge.thresholds import enabled_limits
from ktstr.model.facts import PayloadFacts
from ktstr.model.host import EndingKind
from ktstr.model.payload import PayloadEnd
from ktstr.model.payload_checks import ending, failures


@dataclass(frozen=True)
class Claim:
    """Something that must be true of a run that passes, in words."""

    words: str
    shown: bool


def claims(run: RunRecord) -> tuple[Claim, ...]:
    """Everything that a PASS of this run needs."""
    found = [
        _hello(run),
        Claim("the guest powered off by itself", run.ending.kind is EndingKind.EXITED),
        Claim(
            f"all {run.end.frames if run.end else '?'} frames of the guest arrived intact",
            run.end is not None and run.end.frames == run.frames_seen and not run.damages,
        ),
        _scheduler(run),
    ]
    if run.plan.scenario is not None:
        found += _scenario(run)
    if run.plan.function is not None:
        returned = run.test is not None and run.test.outcome == "returned"
        found.append(Claim(f"{run.plan.function} returned", returned))
    found += _disks(run)
    found += [_payload(facts) for facts in run.payloads if facts.end is not PayloadEnd.DROPPED]
    measured = sorted({name for part in parts(run) for name in enabled_limits(part.checks)})
    if measured:
        words = f"workers were there to measure ({', '.join(measured)})"
        found.append(Claim(words, bool(run.workers)))
    if run.plan.checks.clean_kernel_log:
        found.append(Claim("the kernel log is clean", run.console == ()))
    return tuple(found)


def _hello(run: RunRecord) -> Claim:
    release = run.hello.kernel_release if run.hello else "?"
    words = f"the guest came up with kernel {release} and topology {run.plan.topology}"
    return Claim(words, run.hello is not None)


def _scheduler(run: RunRecord) -> Claim:
    facts, plan = run.scheduler, run.plan.scheduler
    if plan is None:
        words = "the default scheduling class ran: sched_ext was off"
        return Claim(words, facts is not None and facts.state_end in ("", "disabled"))
    if run.plan.checks.scheduler_alive is False:
        attached = facts is not None and facts.attached_ns is not None
        return Claim(f"scheduler {plan.name} was attached", attached)
    words = f"scheduler {plan.name} was attached as {plan.ops} to the end"
    kept = facts is not None and (facts.state_end, facts.ops_end) == ("enabled", plan.ops)
    return Claim(words, kept)


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
    shown = not facts.error and not failures(facts)
    return Claim(f"{payload_name(facts)} {ending(facts)}{met}", shown)
