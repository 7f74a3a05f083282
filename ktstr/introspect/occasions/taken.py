# SPDX-License-Identifier: Apache-2.0
"""What came of a test's snapshots in one run."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.introspect.snapshot.state import Snapshot


@dataclass(frozen=True)
class Taken:
    """Attributes:

    snapshots: in the order of their time.
    problem: why there are none, or not all; empty where nothing went wrong.
    mistaken: that is the author's mistake: this kernel has not what was named.
    """

    snapshots: tuple[Snapshot, ...] = ()
    problem: str = ""
    mistaken: bool = False
