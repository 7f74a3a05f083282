# SPDX-License-Identifier: Apache-2.0
"""What a trial failed by, and when two have failed by the same."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from ktstr.model.verdict.kinds import Kind

# Numbers, and lists of them, as messages have: CPUs, PIDs, times, addresses, names of workers.
_NUMBERS = re.compile(r"(?:0x[0-9a-f]+|\d+)(?:[-.,:]+(?:0x[0-9a-f]+|\d+))*")
_LONGEST, _LONGEST_NAME = 160, 80
# What is told by the kind alone, as its words name workers and times.
_BY_KIND = (Kind.STARVED, Kind.STUCK, Kind.HELD, Kind.OTHER_CLASS, Kind.CONTENDED)


class Standing(StrEnum):
    """What came of a trial."""

    HELD = "held"
    FAILED = "failed"
    UNJUDGED = "unjudged"


@dataclass(frozen=True)
class Cause:
    """The first cause of what came of a trial.

    kind: of the finding.  key: what all that fail by the same have in common.  message: its words.
    """

    kind: str
    key: str
    message: str

    @property
    def folder(self) -> str:
        """A name for what is kept of it, another one for each key."""
        words = re.sub(r"[^a-z0-9]+", "_", self.key.lower()).strip("_")
        if len(words) <= _LONGEST_NAME:
            return words
        digest = hashlib.sha256(self.key.encode(errors="backslashreplace")).hexdigest()[:8]
        return f"{words[: _LONGEST_NAME - 9]}_{digest}"


def cause_of(kind: str, subject: str, message: str) -> Cause:
    """The cause of a finding: kind, subject and message are those of its `Detail`."""
    if kind in _BY_KIND:
        return Cause(kind, kind, message)
    if kind == Kind.INVARIANT:
        return Cause(kind, f"{kind} {subject}", message)
    told = message.partition("\n")[0]
    return Cause(kind, f"{kind} {normal(told)}", message)


def normal(text: str) -> str:
    """A message without its numbers: two that differ by nothing else are of one cause."""
    return " ".join(_NUMBERS.sub("N", text).split())[:_LONGEST]
