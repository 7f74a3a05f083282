# SPDX-License-Identifier: Apache-2.0
"""A comparison for a comment on a pull request, in Markdown as GitHub and GitLab have it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

from ktstr.compare.finding import Comparison, Finding, Outcome
from ktstr.compare.words import (
    TOLD,
    change_words,
    counts_words,
    first_words,
    found_words,
    pair_words,
    sure_words,
)
from ktstr.result.markup import code

# Told at once; the rest unfolds.
_OPEN = frozenset({Outcome.WORSE, Outcome.MISSING})
# GitHub refuses a comment of more than 65,536 characters; what is no row has the rest of it.
_ROWS_CHARS = 60_000


def markdown_of(comparison: Comparison, limit: int) -> Iterator[str]:
    """Its lines; of each outcome at most `limit` findings, and what fits a comment; 0: all."""
    room = float(_ROWS_CHARS) if limit else math.inf
    worse = comparison.count(Outcome.WORSE)
    yield f"### ktstr: {f'{worse} worse' if worse else 'nothing worse'}"
    yield ""
    yield (
        f"{code(comparison.new)} against {code(comparison.base)}: {comparison.pairs} pairs; "
        f"{counts_words(comparison) or 'nothing was compared'}."
    )
    for outcome in TOLD:
        found = [each for each in comparison.findings if each.outcome is outcome]
        if found:
            rows = [_row(comparison, each) for each in (found[:limit] if limit else found)]
            ends = itertools.accumulate(len(row) + 1 for row in rows)
            shown = rows[: sum(end <= room for end in ends)]
            room -= sum(len(row) + 1 for row in shown)
            yield ""
            yield from _section(outcome, found, shown)
    for note in comparison.notes:
        yield ""
        yield f"> {code(note)}"


def _row(comparison: Comparison, finding: Finding) -> str:
    sure = sure_words(finding) or first_words(comparison, finding)
    cells = (pair_words(finding.pair), finding.figure, change_words(finding), sure)
    return f"| {' | '.join(code(cell) if cell else '' for cell in cells)} |"


def _section(outcome: Outcome, found: Sequence[Finding], shown: Sequence[str]) -> Iterator[str]:
    is_open = " open" if outcome in _OPEN else ""
    yield f"<details{is_open}><summary>{found_words(outcome, found)}</summary>"
    yield ""
    yield "| Test | Figure | Change | How sure |"
    yield "|---|---|---|---|"
    yield from shown
    if len(found) > len(shown):
        yield ""
        yield f"... and {len(found) - len(shown)} more."
    yield ""
    yield "</details>"
