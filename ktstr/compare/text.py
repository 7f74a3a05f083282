# SPDX-License-Identifier: Apache-2.0
"""A comparison for people at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

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
from ktstr.result.characters import one_line

# Of one test, unless all is told.
_FIGURES = 5

Paint = Callable[[str, Outcome], str]


def text_of(
    comparison: Comparison, limit: int, paint: Paint = lambda text, outcome: text
) -> Iterator[str]:
    """Its lines; of each outcome at most `limit` tests, 0: all.  paint: colours words."""
    for name, words, count in (
        ("base", comparison.base, comparison.results[0]),
        ("new", comparison.new, comparison.results[1]),
    ):
        yield f"{name:<5} {one_line(words)} ({count} results)"
    yield f"pairs {comparison.pairs}, {comparison.alone} more of one side alone"
    for outcome in (*TOLD, Outcome.SAME):
        found = [each for each in comparison.findings if each.outcome is outcome]
        if not found:
            continue
        yield f"--- {paint(found_words(outcome, found), outcome)} ---"
        yield from _findings(comparison, found, limit)
    for note in comparison.notes:
        yield f"note: {one_line(note)}"
    yield counts_words(comparison) or "nothing was compared"


def _findings(comparison: Comparison, found: Sequence[Finding], limit: int) -> Iterator[str]:
    """Findings of one pair after another, each pair's together, where its first stands."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for each in found:
        groups.setdefault(tuple(each.pair.values()), []).append(each)
    shown = list(groups.values())
    for group in shown[:limit] if limit else shown:
        yield f"  {pair_words(group[0].pair)}"
        yield from _figures(group[:_FIGURES] if limit else group)
        if limit and len(group) > _FIGURES:
            yield f"    ... and {len(group) - _FIGURES} figures more"
        first = first_words(comparison, group[0])
        if first:
            yield f"    {one_line(first)}"
    if limit and len(shown) > limit:
        yield f"  ... and {len(shown) - limit} tests more; --limit=0 tells all"


def _figures(group: Sequence[Finding]) -> Iterator[str]:
    names = [one_line(each.figure) for each in group]
    width = max(map(len, names))
    for name, each in zip(names, group, strict=True):
        sure = sure_words(each)
        yield f"    {name:<{width}}  {change_words(each)}{f' ({sure})' if sure else ''}".rstrip()
