# SPDX-License-Identifier: Apache-2.0
"""Lists the runs of the history, the last one first."""

from __future__ import annotations

import argparse
import dataclasses

from ktstr.command.context import Context, table
from ktstr.command.history.asked import add_history, add_limit, add_where, opened
from ktstr.history.queries import RunRow, runs
from ktstr.history.run import RunState
from ktstr.history.where import parse_conditions

HELP = "list the runs of the history"

_COMMIT_CHARS = 12


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add_where(parser)
    add_limit(parser, "runs")
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Lists them.

    Raises:
        UsageError, InfraError: a condition is none, or the history cannot be used.
    """
    conditions = parse_conditions(options.where)
    with opened(options, context) as connection:
        found = runs(connection, conditions, options.limit or -1)
    if options.json:
        context.answer([dataclasses.asdict(each) for each in found])
        return 0
    head = ("run", "started", "commit", "branch", "state", "results", "tags and CI")
    context.say(*table([head, *map(_row, found)]))
    return 0


def _row(run: RunRow) -> tuple[object, ...]:
    dirty = "+" if run.dirty else ""
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in run.verdicts.items())
    tags = [f"{key}={value}" for key, value in sorted(run.tags.items())]
    return (
        run.id,
        run.started,
        f"{run.commit[:_COMMIT_CHARS]}{dirty}" or "-",
        run.branch or "-",
        run.state if run.state != RunState.IMPORTING else "cut short: import it again",
        verdicts or "none",
        " ".join([*tags, run.ci, run.ci_url]).strip() or "-",
    )
