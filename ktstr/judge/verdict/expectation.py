# SPDX-License-Identifier: Apache-2.0
"""expect_fail: a test that passes only by showing one kind of failure, and no other."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktstr.judge.blame.ranking import rank, ranked, worst
from ktstr.judge.run.kernel_log import STALLS
from ktstr.model.verdict.checks import Detail, ExpectFail, Verdict
from ktstr.model.verdict.kinds import Kind


@dataclass(frozen=True)
class Outcome:
    """The verdict under an expectation, what to add to the details, and the story in words."""

    verdict: Verdict
    added: tuple[Detail, ...]
    words: str


def weigh(expected: ExpectFail, details: tuple[Detail, ...]) -> Outcome:
    """PASS when a FAIL of the expected kind matches the text and no foreign FAIL stands beside it.

    What a failure brings with it is not foreign: findings that come after it in the chain of
    causes, and the stalls that the kernel reports of a scheduler that does not schedule.
    INCONCLUSIVE when the expected failure did not show but data are missing to say so.
    """
    failures = [detail for detail in details if detail.verdict is Verdict.FAIL]
    hits = [detail for detail in failures if _matches(expected, detail)]
    asked = _words(expected)
    if hits:
        foreign = [detail for detail in failures if not _follows(detail, expected.kind)]
        if foreign:
            return _wrong(foreign[0], f"expected {asked}, which came, but beside it a failure")
        void = next((detail for detail in details if detail.kind.voids), None)
        if void is not None:
            words = f"expected {asked}, which came, but the run does not count: {void.message}"
            return Outcome(Verdict.INCONCLUSIVE, (), words)
        return Outcome(Verdict.PASS, (), f"expected {asked}; found: {hits[0].message}")
    if failures:
        return _wrong(ranked(failures)[0], f"expected {asked}, but found a failure")
    left = worst(detail.verdict for detail in details)
    if left is Verdict.INCONCLUSIVE:
        return Outcome(Verdict.INCONCLUSIVE, (), f"expected {asked}; data are missing to tell")
    if left is Verdict.SKIP:
        return Outcome(Verdict.SKIP, (), f"expected {asked}; skipped")
    words = f"expected {asked}, but the test did not fail; if that is right, drop expect_fail"
    return Outcome(Verdict.FAIL, (Detail(expected.kind, words),), words)


def _wrong(found: Detail, words: str) -> Outcome:
    told = f"{words} of kind {found.kind.value}: {found.message}"
    return Outcome(Verdict.FAIL, (), told)


def _words(expected: ExpectFail) -> str:
    text = f" matching {expected.text!r}" if expected.text else ""
    return f"a failure of kind {expected.kind.value}{text}"


def _matches(expected: ExpectFail, detail: Detail) -> bool:
    return detail.kind is expected.kind and re.search(expected.text, detail.message) is not None


def _follows(detail: Detail, expected: Kind) -> bool:
    if detail.kind is expected or (detail.kind.is_one_view and expected.is_one_view):
        return True
    if detail.kind is Kind.KERNEL_LOG and detail.subject in {kind.value for kind in STALLS}:
        return expected.stalls
    if detail.kind is Kind.TEST_ERROR:
        return expected.breaks_steps
    return rank(detail) > rank(Detail(expected, ""))
