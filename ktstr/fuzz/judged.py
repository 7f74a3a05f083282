# SPDX-License-Identifier: Apache-2.0
"""What came of a trial on one machine, or of the same one on two: whether it is an alarm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.fuzz.cause import Cause, Standing, cause_of
from ktstr.fuzz.holding import shares_evenly
from ktstr.fuzz.protocol import Got, Played
from ktstr.fuzz.trial import Trial
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind

# Where nobody could judge: these mean that a trial could not be played, which its grammar, or we,
# are at fault for. Others are in its nature: a spinner above all held the CPUs.
_OURS = (Kind.USAGE, Kind.INFRA, Kind.TEST_ERROR, Kind.WORKER_ERROR)
# The kernel's way with a scheduler that has no callbacks for CPUs that come and go
# (kernel/sched/ext.c handle_hotplug): no fault, and the end of what the trial can show.
_BY_HOTPLUG = re.compile(r"cpu \d+ going (?:offline|online), exiting scheduler")
# A worker of two like ones: what it must have got of one scheduler, how long it must have lived,
# and which part of that it has of the other.
_GOT_NS, _LIVED_NS, _PART = 100_000_000, 300_000_000, 0.05


@dataclass(frozen=True)
class Judged:
    """standing: what came of it.  cause: of what it failed by, or why it could not be judged."""

    standing: Standing
    cause: Cause | None = None

    @property
    def is_alarm(self) -> bool:
        """Whether somebody is to look at it."""
        if self.cause is None or self.standing is Standing.HELD:
            return False
        return self.standing is Standing.FAILED or self.cause.kind in _OURS


def judged(trial: Trial, answers: Sequence[Played], labels: Sequence[str]) -> Judged:
    """Of one answer, or of two that are compared: under the target's scheduler, and another."""
    gone = [each for each in answers if _is_by_hotplug(each)]
    failing = [
        at for at, each in enumerate(answers) if each.verdict == Verdict.FAIL and each not in gone
    ]
    if gone and not failing:
        return Judged(Standing.UNJUDGED, _cause(gone[0]))
    if failing:
        at = failing[0]
        cause = _cause(answers[at])
        # of one that could not be judged nobody knows whether it is there, too
        if len(answers) > 1 and answers[1 - at].verdict == Verdict.PASS:
            words = f"under {labels[at]} and not under {labels[1 - at]}: {cause.message}"
            cause = Cause(cause.kind, f"{cause.key} (under {labels[at]} alone)", words)
        return Judged(Standing.FAILED, cause)
    for each in answers:
        if each.verdict == Verdict.INCONCLUSIVE:
            return Judged(Standing.UNJUDGED, _cause(each))
    if len(answers) > 1 and shares_evenly(trial):
        different = _differs(answers[0].workers, answers[1].workers, labels)
        if different is not None:
            return Judged(Standing.FAILED, different)
    return Judged(Standing.HELD)


def _is_by_hotplug(played: Played) -> bool:
    ejected = played.kind == Kind.SCHEDULER_EJECTED
    return ejected and _BY_HOTPLUG.search(played.message) is not None


def _cause(played: Played) -> Cause:
    return cause_of(played.kind, played.subject, played.message)


def _differs(one: Sequence[Got], other: Sequence[Got], labels: Sequence[str]) -> Cause | None:
    """A worker that got a twentieth of what it got elsewhere, though all share evenly."""
    for number, pair in enumerate(zip(one, other, strict=False)):
        if min(each.wall_ns for each in pair) < _LIVED_NS or pair[0].name != pair[1].name:
            continue
        least, most = sorted(each.cpu_ns for each in pair)
        if most >= _GOT_NS and least < _PART * most:
            poor = 0 if pair[0].cpu_ns == least else 1
            words = (
                f"worker {number} (of {pair[0].name}) got {least / 1e6:.1f} ms of CPU time under "
                f"{labels[poor]}, and {most / 1e6:.1f} ms under {labels[1 - poor]}"
            )
            return Cause("differs", f"differs to the disadvantage of {labels[poor]}", words)
    return None
