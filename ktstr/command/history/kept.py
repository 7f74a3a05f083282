# SPDX-License-Identifier: Apache-2.0
"""Whole results of the history."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from ktstr.history.queries import rows, whole
from ktstr.history.selection import selected
from ktstr.history.where import parse_conditions
from ktstr.history.whole import result_in
from ktstr.model.errors import UsageError
from ktstr.result import result_pb2


def kept_results(
    connection: sqlite3.Connection, run: str, where: Sequence[str]
) -> Iterator[result_pb2.Result]:
    """Those of a run, commit or branch, of which `where` is so.

    Raises:
        UsageError: there is none, or one was not kept whole.
    """
    conditions = (*selected(connection, run), *parse_conditions(where))
    found = list(rows(connection, conditions))
    if not found:
        raise none_such(run)
    for each in found:
        yield kept_result(connection, each.facts)


def kept_result(connection: sqlite3.Connection, facts: int) -> result_pb2.Result:
    """The one of a row.

    Raises:
        UsageError: only its figures were kept, or it is damaged.
    """
    content = whole(connection, facts)
    if content is None:
        raise UsageError(
            "the whole result was not kept: it was imported with --figures_only; `ktstr export` "
            "has its figures"
        )
    return result_in(content)


def none_such(run: str) -> UsageError:
    """That a run has no result of which --where is so."""
    return UsageError(f"the history has no result of {run} and of --where")
