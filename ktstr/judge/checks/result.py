# SPDX-License-Identifier: Apache-2.0
"""What came of one check: its line in the result."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.verdict.checks import Verdict


@dataclass(frozen=True)
class CheckResult:
    """One enabled check, over the whole run or over one step, and what came of it.

    limit: None for a check that is on or off.  layer: who set it: default, the scheduler's name,
    test, or a step.  measured: the value nearest to a failure, in `unit`, at `subject`; None where
    nothing was measured.  least: the limit is a lower one.
    """

    name: str
    step: int | None
    layer: str
    limit: float | None = None
    least: bool = False
    unit: str = ""
    measured: float | None = None
    subject: str = ""
    verdict: Verdict = Verdict.PASS
