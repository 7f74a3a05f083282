# SPDX-License-Identifier: Apache-2.0
"""What became of one test."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.judge.judgement import Judgement
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord


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
