# SPDX-License-Identifier: Apache-2.0
"""A comparison for a comment on a pull request, in Markdown as GitHub and GitLab have it."""

from __future__ import annotations

from collections.abc import Iterator

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


def markdown_of(comparison: Comparison, limit: int) -> Iterator[str]:
    """Its lines; of each outcome at most `limit` findings, 0: all."""
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
            yield ""
            yield from _section(comparison, outcome, found, limit)
    for note in comparison.notes:
        yield ""
        yield f"> {code(note)}"


def _section(
    comparison: Comparison, outcome: Outcome, found: list[Finding], limit: int
) -> Iterator[str]:
    shown = found[:limit] if limit else found
    is_open = " open" if outcome in _OPEN else ""
    yield f"<details{is_open}><summary>{found_words(outcome, found)}</summary>"
    yield ""
    yield "| Test | Figure | Change | How sure |"
    yield "|---|---|---|---|"
    for each in shown:
        sure = sure_words(each) or first_words(comparison, each)
        cells = (pair_words(each.pair), each.figure, change_words(each), sure)
        yield f"| {' | '.join(code(cell) if cell else '' for cell in cells)} |"
    if len(found) > len(shown):
        yield ""
        yield f"... and {len(found) - len(shown)} more."
    yield ""
    yield "</details>"
