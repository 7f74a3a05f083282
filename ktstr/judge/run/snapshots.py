# SPDX-License-Identifier: Apache-2.0
"""Whether the snapshots that a test declares could be taken."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord


def snapshots(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE where the kernel has not what a snapshot names: the author's mistake."""
    if run.taken is None or not run.taken.mistaken:
        return []
    return [Detail(Kind.USAGE, run.taken.problem, Verdict.INCONCLUSIVE)]


def snapshot_remarks(run: RunRecord) -> Iterator[str]:
    """Why there are fewer than the test declares, where that judges nothing."""
    if run.taken is not None and run.taken.problem and not run.taken.mistaken:
        yield f"not all of the test's snapshots were taken: {run.taken.problem}"
