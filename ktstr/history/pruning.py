# SPDX-License-Identifier: Apache-2.0
"""Old runs taken out of a history."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from ktstr.history.database import writing
from ktstr.history.moment import checked_moment
from ktstr.history.run import RunState


@dataclass(frozen=True)
class Pruned:
    """How many are gone."""

    runs: int
    results: int


def prune(connection: sqlite3.Connection, before: str) -> Pruned:
    """Removes runs that began before a time, and what of their results no other run has.

    Those that an import is at, or was killed at, go by the time of the import. The file becomes
    smaller by as much.

    Raises:
        UsageError: it is no time of the form 2026-01-31.
    """
    checked_moment(before)
    with writing(connection):
        # one that is being imported is as old as that: when it began is not known yet
        runs = connection.execute(
            "DELETE FROM run WHERE"
            " CASE WHEN state = ? OR started = '' THEN imported ELSE started END < ?",
            (RunState.IMPORTING, before),
        ).rowcount
        results = connection.execute(
            "DELETE FROM result WHERE id NOT IN (SELECT result_id FROM run_result)"
        ).rowcount
        connection.execute("DELETE FROM facts WHERE id NOT IN (SELECT facts_id FROM result)")
        for table, column, user in (
            ("variant", "variant_id", "facts"),
            ("shape", "shape_id", "facts"),
            ("host", "host_id", "result"),
        ):
            connection.execute(f"DELETE FROM {table} WHERE id NOT IN (SELECT {column} FROM {user})")
    connection.execute("VACUUM")
    return Pruned(runs, results)
