# SPDX-License-Identifier: Apache-2.0
"""How verdicts of tests compare: what passed and fails is worse, whatever its figures say."""

from __future__ import annotations

from collections.abc import Sequence

from ktstr.compare.finding import Outcome
from ktstr.history.queries import Row

PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"
JUDGED = frozenset({PASS, FAIL})


def judged(rows: Sequence[Row]) -> list[Row]:
    """Those that came to a verdict: figures of the others are of half a run, or of a busy host."""
    return [row for row in rows if row.verdict in JUDGED]


def compared(base: Row, new: Row) -> tuple[Outcome, str]:
    """What became of the verdict of a test in virtual time, and why."""
    was, now = _told(base), _told(new)
    if base.verdict == new.verdict:
        if base.cause == new.cause:
            return Outcome.SAME, ""
        return Outcome.CHANGED, f"was {was}, is {now}"
    why = f"was {was}, is {now}"
    if new.verdict not in JUDGED or base.verdict not in JUDGED:
        gone = base.verdict in JUDGED
        return (Outcome.MISSING if gone and new.verdict == SKIP else Outcome.UNDECIDED), why
    return (Outcome.WORSE if new.verdict == FAIL else Outcome.BETTER), why


def _told(row: Row) -> str:
    if row.verdict == PASS or not row.cause:
        return row.verdict
    return f"{row.verdict} ({row.cause}: {row.message})"
