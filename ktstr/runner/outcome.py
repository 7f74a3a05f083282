# SPDX-License-Identifier: Apache-2.0
"""What became of one test, and of all tests of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from ktstr.judge.judgement import Judgement
from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.record.run import RunRecord


class ExitStatus(IntEnum):
    """The runner's exit status, by the worst that happened."""

    OK = 0  # every test PASS or SKIP
    FAILED = 1  # the scheduler failed a test
    INCONCLUSIVE = 2  # a test could not be judged
    ERROR = 3  # a test could not be run: the author's or our mistake


@dataclass(frozen=True)
class Outcome:
    """One test's record and judgement.  `wall_s`: host seconds by phase, with `total`."""

    run: RunRecord
    judgement: Judgement
    wall_s: dict[str, float]

    @property
    def test(self) -> str:
        """The test's name."""
        return self.run.plan.test

    @property
    def is_error(self) -> bool:
        """Whether the test never came to be judged, by its author's mistake or ours."""
        kinds = {detail.kind for detail in self.judgement.details}
        return self.judgement.verdict is Verdict.INCONCLUSIVE and bool(
            kinds & {Kind.USAGE, Kind.INFRA}
        )


def unrun(run: RunRecord, kind: Kind, message: str) -> Outcome:
    """The outcome of a test whose guest never started."""
    detail = Detail(kind, message, Verdict.INCONCLUSIVE)
    return Outcome(run, Judgement(Verdict.INCONCLUSIVE, (detail,)), {"total": 0.0})


def skipped(run: RunRecord, reason: str) -> Outcome:
    """The outcome of a test that its machine is too small for."""
    detail = Detail(Kind.TOPOLOGY, reason, Verdict.SKIP)
    return Outcome(run, Judgement(Verdict.SKIP, (detail,)), {"total": 0.0})


def exit_status(outcomes: Iterable[Outcome]) -> ExitStatus:
    """A failure of the scheduler counts most, for it is what the tests are for."""
    seen = list(outcomes)
    verdicts = {outcome.judgement.verdict for outcome in seen}
    if Verdict.FAIL in verdicts:
        return ExitStatus.FAILED
    if any(outcome.is_error for outcome in seen):
        return ExitStatus.ERROR
    if Verdict.INCONCLUSIVE in verdicts:
        return ExitStatus.INCONCLUSIVE
    return ExitStatus.OK
