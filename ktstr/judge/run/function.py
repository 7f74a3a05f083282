# SPDX-License-Identifier: Apache-2.0
"""How a test function that ran in the guest ended."""

from __future__ import annotations

from ktstr.model.facts import TestFacts
from ktstr.model.verdict.checks import Detail, Kind, Verdict

_ENDINGS = {
    "raised": "raised",
    "exited": "ended its process instead of returning",
    "signalled": "was killed by a signal",
    "deadline": "did not end within its timeout and was killed",
}


def outcome(function: str, facts: TestFacts) -> list[Detail]:
    """FAIL for a function that did not return, failed by its own word, or left processes behind."""
    details = []
    if facts.verdict == Verdict.SKIP.value:
        details.append(Detail(Kind.TEST_ERROR, facts.detail or "no reason given", Verdict.SKIP))
    elif facts.verdict == Verdict.FAIL.value:
        message = f"{function} failed: {facts.detail or 'no reason given'}"
        details.append(Detail(Kind.TEST_ERROR, message))
    elif facts.outcome in _ENDINGS:
        message = f"{function} {_ENDINGS[facts.outcome]}: {facts.detail or 'no detail'}"
        details.append(Detail(Kind.TEST_ERROR, message))
    elif facts.outcome != "returned":
        message = f"{function}: its outcome {facts.outcome!r} is unknown to this runner"
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    if facts.left_behind:
        message = (
            f"{function} left {len(facts.left_behind)} processes behind "
            f"({', '.join(facts.left_behind)}); end and wait for what it starts"
        )
        details.append(Detail(Kind.TEST_ERROR, message))
    return details
