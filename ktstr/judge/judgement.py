# SPDX-License-Identifier: Apache-2.0
"""What judging a run gives: a verdict, its reasons, and what each check and claim came to."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.judge.after import AfterResult
from ktstr.judge.checks.result import CheckResult
from ktstr.judge.claim_result import ClaimResult
from ktstr.judge.relative.claims import RelativeResult
from ktstr.judge.statistics.run import NO_STATISTICS, RunStatistics
from ktstr.model.verdict.checks import Detail, Verdict


@dataclass(frozen=True)
class Judgement:
    """The verdict over one run.

    details: every finding, the first cause first; an expected failure's details stay FAIL here.
    remarks: what is worth knowing and changes no verdict.
    evidence: what a PASS rests on, in words; complete only when the verdict is PASS.
    expectation: what `expect_fail` asked for and what came, in words; empty without one.
    checks, claims, relative: what was checked and claimed, passed or not.
    statistics: what the run's workers got, whatever is checked.
    after: what the author's `after` function came to; None where the test has none.
    """

    verdict: Verdict
    details: tuple[Detail, ...] = ()
    evidence: tuple[str, ...] = ()
    expectation: str = ""
    remarks: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    relative: tuple[RelativeResult, ...] = ()
    statistics: RunStatistics = NO_STATISTICS
    after: AfterResult | None = None

    @property
    def first_cause(self) -> Detail | None:
        """The detail to read first: None when there is nothing to say."""
        return self.details[0] if self.details else None
