# SPDX-License-Identifier: Apache-2.0
"""What is compared: two sides, and the invocations of Bazel that run them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.history.revision import Revision


@dataclass(frozen=True)
class Job:
    """An invocation of Bazel.

    startup: what stands before the command, which names the server and so what is kept warm.
    flags: behind it.  targets: patterns.
    """

    program: str
    workspace: Path
    startup: tuple[str, ...]
    flags: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Side:
    """One of both.

    name: `base` or `new`.  words: as reports have it.  labels: its tests, of a job that runs those
    of both sides; None: all of the job's.
    """

    name: str
    words: str
    job: Job
    revision: Revision
    labels: frozenset[str] | None = None


def jobs_of(sides: Sequence[Side]) -> list[Job]:
    """Each job once, in the order of the sides."""
    return list(dict.fromkeys(side.job for side in sides))
