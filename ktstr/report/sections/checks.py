# SPDX-License-Identifier: Apache-2.0
"""What was checked and claimed, as lines of the report: passed or not."""

from __future__ import annotations

from ktstr.report.tables import aligned
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_CHECK_COLUMNS = ("check", "limit", "measured", "at", "set by", "verdict")
_CLAIM_COLUMNS = ("claim", "value", "claimed", "verdict")
_RELATIVE_COLUMNS = ("claim", "phase", "times as bad", "as", "interval", "of pairs", "verdict")
_VALUE_CHARS = 40


def check_lines(result: result_pb2.Result) -> list[str]:
    """A row for each check: its limit, the value nearest to it, who set it, the verdict."""
    by_step = any(check.HasField("step") for check in result.checks)
    rows = [_check_row(check, by_step) for check in result.checks]
    columns = (*_CHECK_COLUMNS, "step") if by_step else _CHECK_COLUMNS
    return aligned([columns, *rows]) if rows else []


def claim_lines(result: result_pb2.Result) -> list[str]:
    """A row for each claim."""
    rows = [_claim_row(claim) for claim in result.claims]
    return aligned([_CLAIM_COLUMNS, *rows]) if rows else []


def relative_lines(result: result_pb2.Result) -> list[str]:
    """A row for each claim that is relative to another scheduler, in each phase."""
    rows = [_relative_row(each) for each in result.relative]
    return aligned([_RELATIVE_COLUMNS, *rows]) if rows else []


def _check_row(check: result_pb2.Check, by_step: bool) -> tuple[str, ...]:
    limit = "on"
    if check.HasField("limit"):
        limit = f"{'>=' if check.least else '<='} {check.limit:g} {check.unit}".rstrip()
    measured = f"{check.measured:.4g}" if check.HasField("measured") else "-"
    step = str(check.step) if check.HasField("step") else "-"
    row = (
        check.name,
        limit,
        measured,
        one_line(check.subject) or "-",
        one_line(check.layer) or "-",
        result_pb2.Verdict.Name(check.verdict),
    )
    return (*row, step) if by_step else row


def _claim_row(claim: result_pb2.Claim) -> tuple[str, ...]:
    value = one_line(claim.value)
    shown = value if len(value) <= _VALUE_CHARS else f"{value[:_VALUE_CHARS]}..."
    said = one_line(claim.relation) or "nothing"
    return (one_line(claim.name), shown, said, result_pb2.Verdict.Name(claim.verdict))


def _relative_row(each: result_pb2.Relative) -> tuple[str, ...]:
    known = each.HasField("factor")
    return (
        one_line(each.claim),
        one_line(each.phase),
        f"{each.factor:.3g}" if known else "-",
        one_line(each.against),
        f"{each.low:.3g} to {each.high:.3g}" if known else "-",
        str(len(each.pairs)),
        result_pb2.Verdict.Name(each.verdict),
    )
