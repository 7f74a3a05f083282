# SPDX-License-Identifier: Apache-2.0
"""Metrics in what a payload prints, by its output format (spec 5.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from ktstr.model.facts import Metric
from ktstr.model.output.harvest import Harvest, Record, cut
from ktstr.model.output.json_leaves import MAX_DEPTH, MAX_VALUES, documents
from ktstr.model.output.key_values import MAX_PAIRS, is_number_like, read_lines, value_of
from ktstr.model.output.quantity import parse_quantity
from ktstr.model.payload import (
    ExitCodeEq,
    ExitCodeSkip,
    MetricCheck,
    OutputFormat,
    Payload,
    Repeats,
    Stream,
)


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
    merged.  At most MAX_LEAVES metrics are kept, but always those that `checks` or the payload's
    own hints and checks name.  What looks like a number and is none that is understood
    (`ktstr.model.output.quantity`) is left out, with a note.

    JSON: the leaves of all documents in the text (`ktstr.model.output.json_leaves`); a string is a
    number only if it is named so, with or without what tells its record, and is a quantity.
    KEY_VALUE: lines `key: value` and `key=value`, of which a line may hold several
    (`ktstr.model.output.key_values`).  REGEX: each of the payload's patterns, searched in the whole
    text with `^` and `$` at lines; its group must hold a quantity; the last match counts.
    EXIT_CODE: none.

    Records, that is several documents, or blocks under headings, are told apart where a name is in
    more than one of them: by the document's number from 0, or the heading; with `record_key` by the
    value of these fields, always (`ktstr.model.output.harvest`).  A name that comes again in one
    record, or in records that are called alike under Repeats.LAST, has its last value.
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
        harvest = Harvest(
            wanted,
            last=payload.repeats is Repeats.LAST,
            whole=payload.output is OutputFormat.JSON,
        )
        _reap(payload, text, harvest)
        del text
        notes += [f"{stream.value}: {note}" for note in harvest.notes()]
        metrics = tuple(Metric(name, value, stream) for name, value in harvest.metrics())
        if metrics:
            return Extraction(metrics, tuple(notes))
    return Extraction((), tuple(notes))


def _wanted(payload: Payload, checks: Iterable[MetricCheck]) -> frozenset[str]:
    hinted = {hint.name for hint in payload.metrics}
    checked = {
        check.metric
        for check in (*payload.default_checks, *checks)
        if not isinstance(check, ExitCodeEq | ExitCodeSkip)
    }
    return frozenset(hinted | checked)


def _reap(payload: Payload, text: str, harvest: Harvest) -> None:
    if payload.output is OutputFormat.JSON:
        _json(text, payload.record_key, harvest)
    elif payload.output is OutputFormat.KEY_VALUE:
        _key_values(text, payload.record_key, harvest)
    elif payload.output is OutputFormat.REGEX:
        for name, pattern in (payload.patterns or {}).items():
            _matches(name, pattern, text, harvest)


def _json(text: str, key: tuple[str, ...], harvest: Harvest) -> None:
    for number, document in enumerate(documents(text, harvest.wanted, key)):
        harvest.left_out += document.left_out
        if document.cut:
            harvest.odd[document.cut] = None
        if document.too_deep:
            path = cut(document.too_deep)
            harvest.odd[f"nested deeper than {MAX_DEPTH} levels, not read below {path!r}"] = None
        keyed = bool(document.key)
        record = Record((document.key,) if keyed else (), number, keyed)
        for name, words in document.strange:
            harvest.misread(name, words)
        for name, leaf in document.leaves:
            if isinstance(leaf, float):
                harvest.add(record, name, leaf)
            elif _is_named(record, name, harvest):
                quantity = parse_quantity(leaf)
                if quantity is not None:
                    harvest.add(record, name, quantity.value)
                else:
                    harvest.odd[f"metric {name!r} is the string {cut(leaf)!r}, no number"] = None


def _is_named(record: Record, name: str, harvest: Harvest) -> bool:
    """Whether a hint or check has the name, or its end behind any of its dots, or a number of
    records that are called alike before it.
    """
    parts = [*record.path, *name.split(".")]
    if any(".".join(parts[start:]) in harvest.wanted for start in range(len(parts))):
        return True
    heads = (each.removesuffix(f".{name}") for each in harvest.wanted if each.endswith(f".{name}"))
    told = (head.rpartition(".") for head in heads)
    return any(label == record.label() and number.isdigit() for label, _, number in told)


def _key_values(text: str, key: tuple[str, ...], harvest: Harvest) -> None:
    found = read_lines(text, key)
    for each in islice(found, MAX_VALUES):
        if each is None:
            continue
        record, pair = each
        value = value_of(pair)
        if value is not None:
            harvest.add(record, pair.name, value)
        elif not pair.name:
            harvest.odd[f"more than {MAX_PAIRS} values in a line; its rest was not read"] = None
        elif pair.name not in key and is_number_like(pair):
            harvest.misread(pair.name, pair.words)
    _tell_rest(next(found, None) is not None, harvest)


def _matches(name: str, pattern: str, text: str, harvest: Harvest) -> None:
    found = re.finditer(pattern, text, re.MULTILINE)
    for match in islice(found, MAX_VALUES):
        words = match[1] or ""
        quantity = parse_quantity(words)
        if quantity is not None:
            harvest.add(Record(), name, quantity.value)
        else:
            harvest.odd[f"the pattern of {name!r} found {cut(words)!r}, no number"] = None
    _tell_rest(next(found, None) is not None, harvest)


def _tell_rest(more: bool, harvest: Harvest) -> None:
    if more:
        harvest.odd[f"more than {MAX_VALUES} values; the rest was not read"] = None
