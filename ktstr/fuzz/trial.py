# SPDX-License-Identifier: Apache-2.0
"""One scenario that is tried, as data, and how large it is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ktstr.model.codec import decode, encode
from ktstr.model.scenario.parts import made_in, ops_of, parts_of
from ktstr.model.scenario.scenario import (
    CgroupDef,
    Fixed,
    Frac,
    HoldSpec,
    Loop,
    Op,
    Scenario,
    Spawn,
    SpawnHost,
    Until,
)
from ktstr.model.work.work import Work

# Workers of a group that does not say how many it has; those that are drawn all say it.
WORKERS = 2
_NUMBERS = re.compile(r"[0-9.]+")


@dataclass(frozen=True)
class Trial:
    """A scenario, and the test's duration, which a Loop among its holds lasts to."""

    scenario: Scenario
    duration_s: float

    def to_json(self) -> str:
        """Canonical text: the same trial, the same bytes."""
        return json.dumps(encode(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Trial:
        """The trial that `to_json` wrote.

        Raises:
            UsageError: it is none of this version; the path of the difference is named.
            ValueError: the text is no JSON.
        """
        return decode(cls, json.loads(text))

    def digest(self) -> str:
        """SHA-256 of the canonical text, in hex."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def cgroups_of(trial: Trial) -> Iterator[CgroupDef]:
    """All that are defined, by parts or by ops."""
    return made_in(trial.scenario)


def works_of(trial: Trial) -> Iterator[Work]:
    """All groups of workers."""
    for cgroup in cgroups_of(trial):
        yield from cgroup.works or ()
    yield from (op.work for op in all_ops(trial) if isinstance(op, Spawn | SpawnHost))


def all_ops(trial: Trial) -> tuple[Op, ...]:
    """All ops, each once."""
    return tuple(ops_of(trial.scenario))


def ops_count(trial: Trial) -> int:
    """What somebody reads: ops, and cgroups that parts define."""
    return sum(len(part.ops) + len(part.cgroups) for part in parts_of(trial.scenario))


def hold_s(hold: HoldSpec, duration_s: float) -> float:
    """Guest seconds that a hold lasts at most."""
    match hold:
        case Fixed(seconds):
            return seconds
        case Until():
            return hold.timeout
        case Frac(fraction):
            return fraction * duration_s
        case Loop():
            return duration_s


def played_s(trial: Trial) -> float:
    """Guest seconds that all holds last at most."""
    return sum(hold_s(step.hold, trial.duration_s) for step in trial.scenario.steps)


def measure(trial: Trial) -> tuple[float, ...]:
    """How large it is to its reader; of two, the smaller comes first."""
    works = list(works_of(trial))
    return (
        ops_count(trial) + len(trial.scenario.steps),
        len(works),
        sum(work.workers or WORKERS for work in works),
        len(_NUMBERS.sub("0", trial.to_json())),
        played_s(trial),
        len(trial.to_json()),
    )
