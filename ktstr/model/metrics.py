# SPDX-License-Identifier: Apache-2.0
"""Metrics in what a payload prints, by its output format (spec 5.3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from ktstr.model.facts import Metric
from ktstr.model.json_leaves import (
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_NAME,
    MAX_VALUES,
    documents,
)
from ktstr.model.payload import ExitCodeEq, MetricCheck, OutputFormat, Payload, Stream
from ktstr.model.quantity import parse_quantity

# a line that can hold a key and a value, and `key=value` in it
_LINE = re.compile(r"^[^\n:=]*+[:=][^\n]*+", re.MULTILINE)
_PAIR = re.compile(r"(?<![^\s,;=])([^\s,;=]++)[ \t]?=[ \t]?([^\s,;=]++)")
_SHOWN = 60
_NOTES = 8
# of all names together: of 12 bytes each, as JSON may have to write them, they fit into a frame
_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Extraction:
    """The metrics of one run in the order of the text, and what was odd about finding them."""

    metrics: tuple[Metric, ...] = ()
    notes: tuple[str, ...] = ()


def extract_metrics(
    payload: Payload, stdout: str, stderr: str, checks: Iterable[MetricCheck] = ()
) -> Extraction:
    """The numbers that the run of a payload printed.

    They are looked for in `stdout`, and in `stderr` only when that has none; the two are never
    merged.  A name that is printed again has the last value, as in reports that come while a
    benchmark runs.  At most MAX_LEAVES metrics are kept, but always those that `checks` or the
    payload's own hints and checks name.

    JSON: the leaves of all documents in the text (`ktstr.model.json_leaves`); a string is a number
    only if it is named so and is a quantity (`ktstr.model.quantity`).  KEY_VALUE: lines
    `key: value`, where the value is a quantity and nothing else, and `key=value`, of which a line
    may hold several between blanks, commas and semicolons.  REGEX: each of the payload's patterns,
    searched in the whole text with `^` and `$` at lines; its group must hold a quantity.
    EXIT_CODE: none.
    """
    return extract_from(payload, ((Stream.STDOUT, stdout), (Stream.STDERR, stderr)), checks)


def extract_from(
    payload: Payload, texts: Iterable[tuple[Stream, str]], checks: Iterable[MetricCheck] = ()
) -> Extraction:
    """As `extract_metrics`, of texts that are made one by one: only those that are looked at, and
    none while another is held.  A text may be four times as large as what was printed.
    """
    if payload.output is OutputFormat.EXIT_CODE:
        return Extraction()
    wanted = _wanted(payload, checks)
    notes: list[str] = []
    for stream, text in texts:
        harvest = _Harvest(wanted)
        _reap(payload, text, harvest)
        del text
        notes += [f"{stream.value}: {note}" for note in harvest.notes()]
        if harvest.values:
            metrics = (Metric(name, value, stream) for name, value in harvest.values.items())
            return Extraction(tuple(metrics), tuple(notes))
    return Extraction((), tuple(notes))


class _Harvest:
    """Metrics as they are found, bounded, and what is to be said about them."""

    def __init__(self, wanted: Collection[str]) -> None:
        self.values: dict[str, float] = {}
        self.wanted = wanted
        self.left_out = 0
        self.odd: dict[str, None] = {}
        self._again: dict[str, None] = {}
        self._characters = 0

    def add(self, name: str, value: float) -> None:
        """Keeps a number under its name, or counts it where there is no room."""
        known = name in self.values
        if known:
            self._again[name] = None
        room = (
            len(self.values) < MAX_LEAVES
            and 0 < len(name) <= MAX_NAME
            and self._characters + len(name) <= _CHARACTERS
        )
        if known or room or name in self.wanted:
            self.values[name] = value
            self._characters += 0 if known else len(name)
        else:
            self.left_out += 1

    def notes(self) -> list[str]:
        """What was odd, a bounded number of sentences."""
        found = list(self.odd)[:_NOTES]
        if self._again:
            first = next(iter(self._again))
            found.append(
                f"{len(self._again)} names were printed more than once, {_cut(first)!r} first; "
                f"the last value counts"
            )
        if self.left_out:
            found.append(
                f"{self.left_out} numbers were left out: beyond {MAX_LEAVES} metrics, or names "
                f"longer than {MAX_NAME} characters, or than {_CHARACTERS} together"
            )
        return found


def _wanted(payload: Payload, checks: Iterable[MetricCheck]) -> frozenset[str]:
    hinted = {hint.name for hint in payload.metrics}
    checked = {
        check.metric
        for check in (*payload.default_checks, *checks)
        if not isinstance(check, ExitCodeEq)
    }
    return frozenset(hinted | checked)


def _reap(payload: Payload, text: str, harvest: _Harvest) -> None:
    if payload.output is OutputFormat.JSON:
        _json(text, harvest)
    elif payload.output is OutputFormat.KEY_VALUE:
        _quantities(_key_values(text), harvest)
    elif payload.output is OutputFormat.REGEX:
        for name, pattern in (payload.patterns or {}).items():
            found = re.finditer(pattern, text, re.MULTILINE)
            _quantities(((name, match[1] or "") for match in found), harvest, named=True)


def _json(text: str, harvest: _Harvest) -> None:
    for document in documents(text, harvest.wanted):
        harvest.left_out += document.left_out
        if document.cut:
            harvest.odd[document.cut] = None
        if document.too_deep:
            path = _cut(document.too_deep)
            harvest.odd[f"nested deeper than {MAX_DEPTH} levels, not read below {path!r}"] = None
        for name, leaf in document.leaves:
            if isinstance(leaf, float):
                harvest.add(name, leaf)
                continue
            quantity = parse_quantity(leaf)
            if quantity is None:
                harvest.odd[f"metric {name!r} is the string {_cut(leaf)!r}, no number"] = None
            else:
                harvest.add(name, quantity.value)


def _key_values(text: str) -> Iterator[tuple[str, str]]:
    for line in _LINE.finditer(text):
        key, _, rest = line[0].partition(":")
        key = key.strip()
        # without a blank it is a time of day, an address or a path
        if key and "=" not in key and rest[:1].isspace() and parse_quantity(rest) is not None:
            yield key, rest
        else:
            yield "", ""  # a line that holds nothing is work, too, and counts
            yield from ((pair[1], pair[2]) for pair in _PAIR.finditer(line[0]))


def _quantities(
    found: Iterator[tuple[str, str]], harvest: _Harvest, *, named: bool = False
) -> None:
    for name, words in islice(found, MAX_VALUES):
        quantity = parse_quantity(words)
        if quantity is not None:
            harvest.add(name, quantity.value)
        elif named:
            harvest.odd[f"the pattern of {name!r} found {_cut(words)!r}, no number"] = None
    if next(found, None) is not None:
        harvest.odd[f"more than {MAX_VALUES} values; the rest was not read"] = None


def _cut(words: str) -> str:
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."
