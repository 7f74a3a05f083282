# SPDX-License-Identifier: Apache-2.0
"""Writes the figures of the history, a line each, for programs of analysts.

  ktstr export --where branch=main > figures.csv
  duckdb -c "SELECT figure, median(value) FROM 'figures.csv' GROUP BY figure"

--json writes a JSON object a line. DuckDB's `COPY ... TO 'figures.parquet'` makes Parquet of
either. In CSV a text that a spreadsheet would take for a formula, or that begins with ', has a '
before it; in JSON all are as they are.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Iterator

from ktstr.command.context import Context
from ktstr.command.history.asked import add_history, add_where, opened
from ktstr.history.entry import FigureKey
from ktstr.history.figures import keys_of, unpacked
from ktstr.history.queries import Told, listed, shape
from ktstr.history.where import parse_conditions
from ktstr.model.errors import InfraError
from ktstr.result.characters import one_line

HELP = "write figures for other programs"

_OF_RESULT = (
    "result", "run", "commit", "branch", "started", "label", "test", "topology", "kernel",
    "scheduler", "accel", "seed", "verdict", "cause",
)  # fmt: skip
_OF_FIGURE = ("figure", "subject", "step", "scenario", "unit", "polarity", "value")
COLUMNS = (*_OF_RESULT, *_OF_FIGURE)
# How formulas begin in spreadsheets; with ', which tells them of a text, it can be undone.
_FORMULA = re.compile(r"[=+@']|-.")


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add_where(parser)
    parser.add_argument("--to", metavar="FILE", help="write there; default: standard output")
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Writes them.

    Raises:
        UsageError, InfraError: the history cannot be used, or the file not be written.
    """
    conditions = parse_conditions(options.where)
    with opened(options, context) as connection:
        shapes: dict[int, tuple[FigureKey, ...]] = {}

        def rows() -> Iterator[tuple[object, ...]]:
            for row in listed(connection, conditions):
                if row.shape not in shapes:
                    shapes[row.shape] = keys_of(shape(connection, row.shape))
                yield from _figures(row, shapes[row.shape])

        if options.to is None:
            _write(rows(), context, options.json)
            return 0
        path = context.path(options.to)
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                to = Context(context.here, context.environ, file, context.err)
                _write(rows(), to, options.json)
        except OSError as error:
            raise InfraError(f"cannot write {path}: {error.strerror}") from error
    return 0


def _figures(row: Told, keys: tuple[FigureKey, ...]) -> Iterator[tuple[object, ...]]:
    of_result = tuple(getattr(row, name) for name in _OF_RESULT)
    for key, value in zip(keys, unpacked(row.figures, len(keys)), strict=True):
        yield (
            *of_result, key.name, key.subject, key.step, key.scenario, key.unit, key.polarity, value
        )  # fmt: skip


def _write(rows: Iterator[tuple[object, ...]], context: Context, as_json: bool) -> None:
    if as_json:
        for row in rows:
            context.say(json.dumps(dict(zip(COLUMNS, row, strict=True))))
        return
    writer = csv.writer(context.out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(_cell(cell) if isinstance(cell, str) else cell for cell in row)


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for anything else."""
    line = one_line(text)
    return f"'{line}" if _FORMULA.match(line) else line
