# SPDX-License-Identifier: Apache-2.0
"""The part of a result that says what was checked and claimed."""

from __future__ import annotations

import json

from ktstr.judge.checks.result import CheckResult
from ktstr.judge.claim_result import ClaimResult
from ktstr.judge.judgement import Judgement
from ktstr.judge.relative.claims import RelativeResult
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import mirrored


def add_checks(result: result_pb2.Result, judgement: Judgement) -> None:
    """Adds every check and claim with its verdict."""
    result.checks.extend([_check(check) for check in judgement.checks])
    result.claims.extend([_claim(claim) for claim in judgement.claims])
    result.relative.extend([_relative(each) for each in judgement.relative])
    if judgement.after is not None:
        verdict = judgement.after.verdict
        message = result_pb2.After(verdict=verdict.name if verdict is not None else None)
        result.after.CopyFrom(mirrored(message, judgement.after, leave=("verdict",)))


def _check(check: CheckResult) -> result_pb2.Check:
    return mirrored(result_pb2.Check(verdict=check.verdict.name), check, leave=("verdict",))


def _claim(claim: ClaimResult) -> result_pb2.Claim:
    value = encodable(json.dumps(claim.value))
    message = result_pb2.Claim(value=value, verdict=claim.verdict.name)
    return mirrored(message, claim, leave=("value", "verdict"))


def _relative(each: RelativeResult) -> result_pb2.Relative:
    message = result_pb2.Relative(verdict=each.verdict.name, claim=encodable(each.claim.words))
    mirrored(message, each.claim, leave=("than",))  # `against` says whom each is about
    for pair in each.pairs:
        mirrored(message.pairs.add(), pair)
    return mirrored(message, each, leave=("claim", "pairs", "verdict"))
