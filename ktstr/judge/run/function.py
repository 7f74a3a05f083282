# SPDX-License-Identifier: Apache-2.0
"""How a test function that ran in the guest ended."""

from __future__ import annotations

from typing import assert_never

from ktstr.model.facts import TestFacts
from ktstr.model.function_end import FunctionEnd
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind


def outcome(function: str, facts: TestFacts) -> list[Detail]:
    """FAIL for a function that did not return, failed by its own word, or left processes behind.

    INCONCLUSIVE for one that asked what nobody could answer.
    """
    details = []
    if facts.verdict == Verdict.SKIP.value:
        details.append(Detail(Kind.TEST_ERROR, facts.detail or "no reason given", Verdict.SKIP))
    elif facts.verdict == Verdict.FAIL.value:
        message = f"{function} failed: {facts.detail or 'no reason given'}"
        details.append(Detail(Kind.TEST_ERROR, message))
    elif facts.verdict == Verdict.INCONCLUSIVE.value:
        message = f"{function} could not be carried out: {facts.detail}"
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    elif words := _early_end(facts.outcome):
        message = f"{function} {words}: {facts.detail or 'no detail'}"
        details.append(Detail(Kind.TEST_ERROR, message))
    if facts.left_behind:
        message = (
            f"{function} left {len(facts.left_behind)} processes behind "
            f"({', '.join(facts.left_behind)}); end and wait for what it starts"
        )
        details.append(Detail(Kind.TEST_ERROR, message))
    return details


def _early_end(end: FunctionEnd) -> str:
    """What it did instead of returning; empty where it returned."""
    match end:
        case FunctionEnd.RETURNED:
            return ""
        case FunctionEnd.RAISED:
            return "raised"
        case FunctionEnd.EXITED:
            return "ended its process instead of returning"
        case FunctionEnd.SIGNALLED:
            return "was killed by a signal"
        case FunctionEnd.DEADLINE:
            return "did not end within its timeout and was killed"
        case _:
            assert_never(end)
