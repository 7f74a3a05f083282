# SPDX-License-Identifier: Apache-2.0
"""What judging a run gives: a verdict, its reasons, and the statistics it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.checks import Detail, Verdict


@dataclass(frozen=True)
class Judgement:
    """The verdict over one run.

    details: every finding, the first cause first; an expected failure's details stay FAIL here.
    remarks: what is worth knowing and changes no verdict.
    evidence: what a PASS rests on, in words; complete only when the verdict is PASS.
    expectation: what `expect_fail` asked for and what came, in words; empty without one.
    """

    verdict: Verdict
    details: tuple[Detail, ...] = ()
    evidence: tuple[str, ...] = ()
    expectation: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def first_cause(self) -> Detail | None:
        """The detail to read first: None when there is nothing to say."""
        return self.details[0] if self.details else None
