# SPDX-License-Identifier: Apache-2.0
"""Claims about series, judged."""

from __future__ import annotations

from ktstr.judge.claim_result import ClaimResult
from ktstr.judge.series.points import points_of
from ktstr.judge.series.shapes import has_shape, means
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.claims import SeriesClaim
from ktstr.model.verdict.series import shape_words, title
from ktstr.record.run import RunRecord

# of fewer values nothing is said
LEAST_POINTS = 3
_NS_PER_MS = 1e6


def series_result(run: RunRecord, claim: SeriesClaim) -> ClaimResult:
    """What came of it; INCONCLUSIVE where there are too few values."""
    points, why = points_of(run, claim)
    if claim.mean_ms:
        points = means(points, claim.mean_ms * _NS_PER_MS)
    said = shape_words(claim.shape)
    if not why and len(points) < LEAST_POINTS:
        why = f"it has {len(points)} values in that time, of {LEAST_POINTS} at least"
    if why:
        return ClaimResult(title(claim), None, said, Verdict.INCONCLUSIVE, why)
    holds, seen = has_shape(claim.shape, points)
    return ClaimResult(title(claim), seen, said, Verdict.PASS if holds else Verdict.FAIL)
