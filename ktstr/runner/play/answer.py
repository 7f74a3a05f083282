# SPDX-License-Identifier: Apache-2.0
"""What a player says of a run: its first cause, and who got what of the CPUs."""

from __future__ import annotations

from ktstr.execute.outcome import Outcome
from ktstr.fuzz.holding import lived_long_enough
from ktstr.fuzz.protocol import Got, Play, Played
from ktstr.host.ending import OUT_OF_TIME, EndingKind
from ktstr.judge.blame.ranking import ranked, worst
from ktstr.judge.workers.subjects import worker_name
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind

# Host seconds that a trial gets: it lasts two guest seconds, and a hang is told by its own limits.
LONGEST_S = 240.0
_MOST_OTHERS = 6


def answer_of(
    play: Play,
    outcome: Outcome,
    ground: tuple[tuple[int, int], ...],
    lacks: str,
    seconds: float,
) -> Played:
    """What is told of a run.  ground, lacks: code that it reached, and why there is less of it."""
    told = outcome.judgement.details
    found = ranked(each for each in told if not _is_too_early(each, outcome))
    verdict = worst(each.verdict for each in found) or (
        Verdict.PASS if told else outcome.judgement.verdict
    )
    cause = found[0] if found else None
    ending = outcome.run.ending
    if ending.kind is EndingKind.TERMINATED:
        return refused(play, Kind.INFRA, f"the player got {ending.detail}", seconds)
    if ending.kind is EndingKind.DEADLINE and ending.detail.startswith(OUT_OF_TIME):
        why = f"it did not come to its end within {LONGEST_S:g} s of the host's"
        return refused(play, Kind.CONTENDED, why, seconds)
    return Played(
        play.number,
        verdict,
        cause.kind if cause else "",
        cause.subject if cause else "",
        cause.message if cause else "",
        tuple(f"{each.kind}: {each.message}" for each in found[1:_MOST_OTHERS]),
        tuple(
            Got(each.cgroup, each.cpu_ns, each.ended_ns - each.started_ns)
            for each in outcome.run.workers
        ),
        ground,
        round(seconds, 3),
        lacks,
    )


def _is_too_early(detail: Detail, outcome: Outcome) -> bool:
    """Whether it says of a worker that it did no work, or nothing, that has lived too short."""
    if detail.kind not in (Kind.STARVED, Kind.NO_DATA) or not detail.subject:
        return False
    workers = outcome.run.workers
    meant = [each for each in workers if worker_name(each) == detail.subject]
    if detail.pid is not None:
        meant = [each for each in workers if each.pid == detail.pid]
    lives = [each.ended_ns - each.started_ns for each in meant]
    return bool(lives) and not lived_long_enough(min(lives), len(workers))


def refused(play: Play, kind: Kind, why: str, seconds: float) -> Played:
    """A trial of which nothing can be judged, for that reason."""
    verdict = Verdict.INCONCLUSIVE
    return Played(play.number, verdict, kind, "", why, (), (), (), round(seconds, 3))
