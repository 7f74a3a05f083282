# SPDX-License-Identifier: Apache-2.0
"""What a run of fuzzing came to, in words and as data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from ktstr.fuzz.campaign import Campaign
from ktstr.fuzz.corpus import Alarm, test_of
from ktstr.fuzz.fuzzing import Tally
from ktstr.fuzz.trial import ops_count

_MOST_UNJUDGED = 8


def lines_of(
    tally: Tally, campaign: Campaign, alarms: Collection[Alarm], folder: Path
) -> Iterator[str]:
    """The report: alarms of the corpus, what could not be judged, and how the code grew."""
    for alarm in sorted(alarms, key=lambda one: one.number):
        times = tally.causes[alarm.key]
        yield f"--- {alarm.key} ({times} of {campaign.done} scenarios, first {alarm.number})"
        yield f"    {alarm.message.splitlines()[0] if alarm.message else ''}"
        whole = "" if alarm.whole else "; there was more to try (--shrinks)"
        if not alarm.again:
            whole = "; it did not come again when it was played once more"
        yield (
            f"    {ops_count(alarm.trial)} ops, of {alarm.ops}, after {alarm.tried} runs{whole}: "
            f"{test_of(folder, alarm)}"
        )
    for key, times in unshrunk(tally, alarms).items():
        yield f"--- {key} ({times} of {campaign.done} scenarios), and it was not shrunk yet"
    if tally.unjudged:
        yield f"could not be judged: {tally.unjudged.total()} of {campaign.done}"
        for key, count in tally.unjudged.most_common(_MOST_UNJUDGED):
            yield f"    {count} times {key}"
    if tally.lacks:
        yield f"what they reached is not all known: {tally.lacks.total()} of {tally.played}"
        for why, count in tally.lacks.most_common(_MOST_UNJUDGED):
            yield f"    {count} times {why}"
    each = tally.seconds / tally.played if tally.played else 0.0
    yield (
        f"{tally.played} scenarios in {tally.took_s:.0f} s ({each:.1f} s each), {campaign.done} "
        f"in all; {len(campaign.parents)} kept"
    )
    for trials, at_s, size in milestones(campaign):
        yield f"    after {trials} scenarios, {at_s:.0f} s: {size} bytes of the schedulers' code"
    if tally.stopped:
        yield f"it was told to stop; the same command goes on: {folder}"


def unshrunk(tally: Tally, alarms: Collection[Alarm]) -> dict[str, int]:
    """Causes that came, and have no test file: somebody ended the run before; how often."""
    known = {alarm.key for alarm in alarms}
    return {key: count for key, count in sorted(tally.causes.items()) if key not in known}


def milestones(campaign: Campaign) -> list[tuple[int, float, int]]:
    """How the code grew: when there was first a half, three quarters, ... of it, and all."""
    found = []
    for part in (0.5, 0.75, 0.9, 0.95, 0.99, 1.0):
        reached = (each for each in campaign.growth if each[2] >= part * campaign.ground.size)
        first = next(reached, None)
        if first is not None and first not in found:
            found.append(first)
    return found


def data_of(
    tally: Tally, campaign: Campaign, alarms: Collection[Alarm], folder: Path
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "corpus": str(folder),
        "scenarios": campaign.done,
        "played": tally.played,
        "seconds": round(tally.took_s, 1),
        "seconds_each": round(tally.seconds / tally.played, 3) if tally.played else None,
        "kept": len(campaign.parents),
        "code_bytes": campaign.ground.size,
        "growth": [list(each) for each in campaign.growth],
        "stopped": tally.stopped,
        "unjudged": dict(tally.unjudged),
        "lacks": dict(tally.lacks),
        "unshrunk": unshrunk(tally, alarms),
        "alarms": [
            {
                "kind": alarm.kind,
                "key": alarm.key,
                "message": alarm.message,
                "times": tally.causes[alarm.key],
                "first": alarm.number,
                "ops": ops_count(alarm.trial),
                "ops_first": alarm.ops,
                "tried": alarm.tried,
                "whole": alarm.whole,
                "again": alarm.again,
                "test": str(test_of(folder, alarm)),
            }
            for alarm in sorted(alarms, key=lambda one: one.number)
        ],
    }
