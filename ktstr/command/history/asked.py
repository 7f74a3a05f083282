# SPDX-License-Identifier: Apache-2.0
"""Arguments that several commands have."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from collections.abc import Iterator

from ktstr.command.context import Context
from ktstr.history.database import VARIABLE, default_history, history

LIMIT = 20


def add_history(parser: argparse.ArgumentParser) -> None:
    """--history."""
    parser.add_argument(
        "--history",
        metavar="FILE",
        help=f"the history; default: ${VARIABLE}, else ktstr/history.sqlite in the user's data "
        "directory",
    )


def add_where(parser: argparse.ArgumentParser) -> None:
    """--where."""
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="DIMENSION=VALUE",
        help="only results of which this is so; also !=, >= and <= (of times), * and ? in values, "
        "several with commas or by giving it again: accel=tcg, kernel=linux_7_2, tag.team=core",
    )


def add_limit(parser: argparse.ArgumentParser, what: str, default: int | None = LIMIT) -> None:
    """--limit, which may be None: nobody said how many."""
    parser.add_argument(
        "--limit",
        type=whole_number,
        default=default,
        metavar="N",
        help=f"{what} at most; 0: all; default: {LIMIT if default is None else default}",
    )


def whole_number(text: str) -> int:
    """A number of 0 or more."""
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 0 or more")
    return int(text)


@contextlib.contextmanager
def opened(
    options: argparse.Namespace, context: Context, *, create: bool = False
) -> Iterator[sqlite3.Connection]:
    """The history that was asked for.

    Raises:
        UsageError, InfraError: see `ktstr.history.database.history`.
    """
    path = context.path(options.history or default_history(context.environ))
    with history(path, create=create) as connection:
        yield connection
