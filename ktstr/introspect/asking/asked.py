# SPDX-License-Identifier: Apache-2.0
"""What came of the asking in one run."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.snapshot.state import Snapshot


@dataclass(frozen=True)
class Asked:
    """Attributes:

    snapshots: those that were asked for, in the order of their time.
    answered: how many requests were.
    problem: why nobody, or somebody not, was answered; empty where all were.
    """

    snapshots: tuple[Snapshot, ...] = ()
    answered: int = 0
    problem: str = ""
