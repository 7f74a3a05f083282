# SPDX-License-Identifier: Apache-2.0
"""The runner's exit status, by what became of its tests."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from ktstr.execute.outcome import Outcome
from ktstr.model.verdict.checks import Verdict


class ExitStatus(IntEnum):
    """The runner's exit status, by the worst that happened."""

    OK = 0  # every test PASS or SKIP
    FAILED = 1  # the scheduler failed a test
    INCONCLUSIVE = 2  # a test could not be judged
    ERROR = 3  # a test could not be run: the author's or our mistake


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
