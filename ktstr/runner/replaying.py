# SPDX-License-Identifier: Apache-2.0
"""Plays a test that has failed by an event again, at once, and keeps what that showed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ktstr.execute.causes import cause_of
from ktstr.execute.outcome import Outcome
from ktstr.execute.parts import answering_parts
from ktstr.execute.replay import Replayed, open_because
from ktstr.host.ending import EndingKind
from ktstr.introspect.plugin.part import Part
from ktstr.introspect.replay.cause import Cause, What
from ktstr.introspect.replay.page import Replay, Way
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.model.errors import UsageError
from ktstr.record.run import RunRecord

# What a target's attribute `replay` may be: what is played again.
OFF, EVENTS, ALL = "off", "events", "all"
# Among the outputs of a test, while it lasts.
FOLDER = "replay"
# Nanoseconds of events before the wait or failure began, for who did it.
_EARLIER_NS = 20_000_000

Again = Callable[[Outcome, Sequence[Part], Path], Replayed]


@dataclass(frozen=True)
class Played:
    """What a second run has shown: its page, and its guest where the failure came again.

    took_s: host seconds.
    """

    page: Replay
    took_s: float = 0.0
    first_cause: Snapshot | None = None


_T = TypeVar("_T")


def with_replay(
    outcome: Outcome, wanted: str, machine: PreparedMachine, folder: Path, again: Again
) -> Outcome:
    """The outcome with the page of its replay; as it is, where it needs none.

    wanted: OFF, EVENTS or ALL, where a threshold that was not kept is looked at, too.  folder: the
    outputs of the test.  again: plays it with others who look, as `Session.replay` does.
    """
    if wanted == OFF:
        return outcome
    return with_page(
        outcome,
        cause_of(outcome, thresholds=wanted == ALL),
        lambda: open_because(outcome, machine),
        lambda cause: _played(outcome, cause, folder / FOLDER, again),
    )


def with_page(
    outcome: Outcome,
    cause: _T | str,
    hindrance: Callable[[], str],
    play: Callable[[_T], Played],
) -> Outcome:
    """The outcome with a page of its failure, or with why there is none.

    cause: what is to be looked at; in words, why nothing is; empty text: no page is needed.
    hindrance: why it cannot be run again; empty where it can.  play: plays it for a cause.
    """
    if cause == "":
        return outcome
    detail = outcome.judgement.first_cause
    assert detail is not None
    why = hindrance() or (cause if isinstance(cause, str) else "")
    if isinstance(cause, str) or why:
        page = Replay("", detail.message, False, f"not played again: {why}")
        return replace(outcome, run=replace(outcome.run, replay=page))
    played = play(cause)
    wall_s = outcome.wall_s | {"replay": played.took_s}
    run = replace(outcome.run, replay=played.page)
    if played.first_cause is not None:
        run = replace(run, snapshots=(*run.snapshots, played.first_cause))
    return replace(outcome, run=run, wall_s=wall_s)


def ended_words(replayed: Replayed) -> str:
    """In words, why its guest did not come to the failure; empty where nobody has ended it."""
    ending = replayed.outcome.run.ending
    if ending.kind is EndingKind.TERMINATED:
        return f"the runner got {ending.detail} before it could come again"
    if ending.kind is EndingKind.DEADLINE:
        return f"it did not come again within {replayed.took_s:.0f} s"
    return ""


def has_first_cause(run: RunRecord, what: What) -> bool:
    """Whether the guest was looked into where it failed at the first time already."""
    match what:
        case What.EJECTED:
            return bool(run.snapshots)
        case What.BROKE:
            return run.invariants is not None and run.invariants.first is not None
        case What.PANICKED | What.CRASHED | What.HUNG:
            return run.post_mortem is not None
    return False


def _played(outcome: Outcome, cause: Cause, directory: Path, again: Again) -> Played:
    # late: only a run that fails pays for them
    from ktstr.introspect.replay.made import first_cause, page
    from ktstr.introspect.replay.part import ReplayPart
    from ktstr.introspect.replay.traced import LateTracePart

    part, trace = ReplayPart(cause), LateTracePart(max(0, cause.since_ns - _EARLIER_NS))
    try:
        replayed = again(outcome, (*answering_parts(), trace, part), directory)
        problem = replayed.differs or part.problem
        if part.seen is not None and part.seen.stood is None:
            problem = problem or ended_words(replayed)
        decisions = replayed.outcome.run.decisions
        if part.seen is None:
            found = Replay(cause.what, cause.message, False, problem, way=Way.PROBES)
        else:
            found = page(part.seen, cause, decisions, problem)
        if replayed.differs:
            found = replace(found, again=False)
        kept = None
        if part.seen is not None and not has_first_cause(outcome.run, cause.what):
            kept = first_cause(part.seen, found)
        return Played(found, replayed.took_s, kept)
    except UsageError as error:
        return Played(Replay(cause.what, cause.message, False, str(error), way=Way.PROBES))
    except Exception as error:  # noqa: BLE001 - a bug of ours must not cost the result
        why = f"ktstr's own mistake, {type(error).__name__}: {error}"
        return Played(Replay(cause.what, cause.message, False, why, way=Way.PROBES))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
