# SPDX-License-Identifier: Apache-2.0
"""Compares two sets of results of a history."""

from __future__ import annotations

import functools
import gc
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ktstr.compare.agreeing import agreed
from ktstr.compare.exact import compare_exact
from ktstr.compare.figures import Figures
from ktstr.compare.finding import VERDICT, Comparison, Finding, Outcome
from ktstr.compare.first import first_difference
from ktstr.compare.gates import Gates
from ktstr.compare.noisy import (
    BOOTS_OPTION,
    LEVEL,
    Question,
    answered,
    questions,
    without_boots,
)
from ktstr.compare.pairing import Pair, dimensions, paired
from ktstr.history import queries
from ktstr.history.entry import FigureKey, Variant
from ktstr.history.figures import keys_of
from ktstr.history.selection import runs_in
from ktstr.history.where import Condition
from ktstr.history.whole import result_in
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean

# The pairs for which whole results are read, to say where they part.
_FIRSTS = 20
_OUT_OF_NOTHING = 0.5
_ORDER = {outcome: place for place, outcome in enumerate(Outcome)}


@dataclass(frozen=True)
class Asked:
    """What is compared.

    base and new: in words.  where: holds for both.  by: what pairs are made by, None: what the sets
    do not set apart.  figures: patterns of those that are compared, empty: all.  steps: also those
    of single steps, in real time; in virtual time they always are.  level, boots_option: see
    `ktstr.compare.noisy.answered`.
    """

    base: str
    new: str
    base_conditions: tuple[Condition, ...]
    new_conditions: tuple[Condition, ...]
    where: tuple[Condition, ...] = ()
    by: str | None = None
    figures: tuple[str, ...] = ()
    gates: Gates = field(default_factory=Gates)
    steps: bool = False
    keep_same: bool = False
    level: float = LEVEL
    boots_option: str = BOOTS_OPTION


def compare(connection: sqlite3.Connection, asked: Asked) -> Comparison:
    """The comparison.

    Python looks for no garbage meanwhile: there is none, and that was a sixth of all.

    Raises:
        UsageError: a set is empty, what pairs are made by is no dimension, or there is no figure
            of which --figure or --gate speaks.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return _compared(connection, _apart(connection, asked))
    finally:
        if was_enabled:
            gc.enable()


def _compared(connection: sqlite3.Connection, asked: Asked) -> Comparison:
    by = dimensions(asked.base_conditions, asked.new_conditions, asked.by)
    base = _rows(connection, asked.base, asked.base_conditions, asked.where)
    new = _rows(connection, asked.new, asked.new_conditions, asked.where)
    names = functools.partial(queries.shape, connection)
    _refuse_unknown(asked, {row.shape for row in (*base, *new)}, names)
    variants = queries.variants(connection)
    pairs = paired(base, new, variants, by)
    comparing = _Comparing(asked, by, names)
    for pair in pairs.values():
        comparing.take(pair)
    found, notes = comparing.end()
    counts = Counter(each.outcome for each in found)
    counts[Outcome.SAME] += comparing.same
    told = [each for each in found if asked.keep_same or each.outcome is not Outcome.SAME]
    told.sort(key=_telling)
    both = [each for each in pairs.values() if each.base and each.new]
    return Comparison(
        asked.base,
        asked.new,
        len(both),
        len(pairs) - len(both),
        (len(base), len(new)),
        counts,
        tuple(told),
        (*notes, *_mixed(both, variants)),
        _firsts(connection, told),
    )


def _apart(connection: sqlite3.Connection, asked: Asked) -> Asked:
    """Leaves out of base the runs that new has, too: they would be compared with themselves.

    Raises:
        UsageError: base has no other.
    """
    base, new = (
        runs_in(connection, each) for each in (asked.base_conditions, asked.new_conditions)
    )
    both = base & new
    if not both:
        return asked
    if both == base:
        raise UsageError(
            f"each run of {asked.base} is one of {asked.new}, too, so there is nothing to compare "
            f"with: `ktstr runs` lists others"
        )
    others = tuple(Condition("run", "!=", str(each)) for each in sorted(both))
    return replace(asked, base_conditions=(*asked.base_conditions, *others))


def _refuse_unknown(asked: Asked, shapes: Iterable[int], names: Callable[[int], str]) -> None:
    """Refuses patterns that no figure fits: nothing compared would be told as nothing worse."""
    patterns = [("--figure", each) for each in asked.figures]
    patterns += [("--gate", each.pattern) for each in asked.gates.named]
    if not patterns:
        return
    keys = {key for shape in shapes for key in keys_of(names(shape))}
    for option, pattern in patterns:
        if not any(key.fits(pattern) for key in keys):
            near = did_you_mean(pattern, {key.name for key in keys})
            raise UsageError(
                f"{option}: {pattern!r} fits no figure of {asked.base} and {asked.new}{near}; "
                f"`ktstr export` lists them"
            )


class _Comparing:
    """Takes one pair after another; those of real time are answered together, in the end."""

    def __init__(self, asked: Asked, by: Sequence[str], names: Callable[[int], str]) -> None:
        self.same = 0
        self._asked, self._by = asked, by
        self._found: list[Finding] = []
        self._questions: list[Question] = []
        self._exact = Figures(names, self._is_wanted)
        self._noisy_gate = functools.cache(functools.partial(asked.gates.of, exact=False))
        self._noisy = Figures(
            names, lambda key: self._is_wanted(key) and (asked.steps or key.step is None)
        )

    def take(self, pair: Pair) -> None:
        """Compares a pair, if both sides have it."""
        told = dict(zip((*self._by, "seed"), pair.key, strict=True))
        if not pair.exact:
            del told["seed"]
        if not pair.base or not pair.new:
            side = "new" if pair.base else "base"
            why = f"{side} has no result of it"
            self._found.append(Finding(told, VERDICT, "", "", Outcome.MISSING, why=why))
        elif pair.exact:
            found, same = compare_exact(
                pair, told, self._exact, self._asked.gates, keep_same=self._asked.keep_same
            )
            self._found += found
            self.same += same
        else:
            settled = without_boots(pair, told)
            if settled is not None:
                self._found.append(settled)
            else:
                self._questions += questions(pair, told, self._noisy, self._noisy_gate)

    def end(self) -> tuple[list[Finding], list[str]]:
        """All findings, and what is to be said about them."""
        asked = self._asked
        exact, why = agreed(self._found, asked.level)
        found, notes = answered(self._questions, asked.level, asked.boots_option)
        return [*exact, *found], [*why, *notes]

    def _is_wanted(self, key: FigureKey) -> bool:
        patterns = self._asked.figures
        return not patterns or any(key.fits(each) for each in patterns)


def _rows(
    connection: sqlite3.Connection,
    words: str,
    conditions: Sequence[Condition],
    where: Sequence[Condition],
) -> list[queries.Row]:
    found = list(queries.rows(connection, (*conditions, *where)))
    if not found:
        narrowed = " and of --where" if where else ""
        raise UsageError(
            f"the history has no result of {words}{narrowed}: `ktstr runs` lists what it has"
        )
    return found


def _telling(finding: Finding) -> tuple[object, ...]:
    """The order: by outcome, verdicts of tests first, then by how large the change is.

    That is by the larger of both values, and what came out of nothing stands in the middle.
    """
    size = 0.0
    if finding.change and finding.base is not None and finding.new is not None:
        larger = max(abs(finding.base), abs(finding.new))
        size = abs(finding.change) / larger if finding.base else _OUT_OF_NOTHING
    is_figure = finding.figure != VERDICT
    return _ORDER[finding.outcome], is_figure, -size, *finding.pair.values(), finding.figure


def _mixed(pairs: Sequence[Pair], variants: Mapping[int, Variant]) -> list[str]:
    """A word where results of several targets fell on one pair."""
    for pair in pairs:
        for rows in (pair.base, pair.new):
            labels = sorted({variants[row.variant].label for row in rows})
            if len(labels) > 1:
                return [
                    f"results of {' and '.join(labels[:2])} are one pair by what pairs are made "
                    f"by; of those in virtual time the last counts: say more with --pair"
                ]
    return []


def _firsts(connection: sqlite3.Connection, told: Sequence[Finding]) -> dict[tuple[int, int], str]:
    """From which event on the pairs differ that are told first."""
    found: dict[tuple[int, int], str] = {}
    for finding in told:
        if finding.facts is None or finding.facts in found or finding.outcome is Outcome.SAME:
            continue
        if len(found) == _FIRSTS:
            break
        both = [queries.whole(connection, each) for each in finding.facts]
        if both[0] is not None and both[1] is not None:
            found[finding.facts] = first_difference(result_in(both[0]), result_in(both[1]))
    return found
