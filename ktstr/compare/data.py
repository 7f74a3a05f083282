# SPDX-License-Identifier: Apache-2.0
"""A comparison for programs."""

from __future__ import annotations

from typing import Any

from ktstr.compare.finding import Comparison, Finding, Outcome


def data_of(comparison: Comparison) -> dict[str, Any]:
    """It as JSON has it, with all findings."""
    return {
        "base": {"set": comparison.base, "results": comparison.results[0]},
        "new": {"set": comparison.new, "results": comparison.results[1]},
        "pairs": comparison.pairs,
        "alone": comparison.alone,
        "counts": {str(each): comparison.count(each) for each in Outcome},
        "findings": [_finding(comparison, each) for each in comparison.findings],
        "notes": list(comparison.notes),
    }


def _finding(comparison: Comparison, finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "outcome": str(finding.outcome),
        "pair": dict(finding.pair),
        "figure": finding.figure,
        "unit": finding.unit,
        "polarity": finding.polarity,
        "base": finding.base,
        "new": finding.new,
        "change": finding.change,
        "ratio": finding.ratio,
        "boots": list(finding.boots),
        "p": finding.p,
    }
    interval = finding.interval
    if interval is not None:
        found["interval"] = {
            "low": interval.low,
            "high": interval.high,
            "confidence": interval.confidence,
        }
    if finding.why:
        found["why"] = finding.why
    first = comparison.firsts.get(finding.facts, "") if finding.facts else ""
    if first:
        found["first"] = first
    return found
