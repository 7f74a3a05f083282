# SPDX-License-Identifier: Apache-2.0
"""Runs what failed again, alone, with the seeds that it had.

--last takes what did not pass in this workspace's bazel-testlogs; with --run, a run of the history.
Bazel is started once for each seed and set of test functions; --dry_run prints the commands
instead. What stands behind `--` are more options of `bazel test`.

The exit code is that of the first Bazel that fails, or 0; 3 where there is nothing to run,
or where a result cannot be read, which may be of a failure.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ktstr.command.context import Context
from ktstr.command.history.asked import add_history, add_where, opened
from ktstr.command.outputs.testlogs import results_below
from ktstr.command.workspace.bazel import program, run_bazel
from ktstr.history.queries import listed
from ktstr.history.selection import selected
from ktstr.history.where import parse_conditions
from ktstr.model.errors import UsageError
from ktstr.report.closing import failed

HELP = "run what failed again, with the same seeds"

_BAD = frozenset({"FAIL", "INCONCLUSIVE"})
_ERROR = 3
_SEED = "--@ktstr//rules:seed"


@dataclass(frozen=True, order=True)
class Failure:
    """A test that did not pass."""

    label: str
    test: str
    seed: str


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("--last", action="store_true", help="what failed in bazel-testlogs")
    parser.add_argument("--run", metavar="RUN", help="of the history: a run, commit or branch")
    parser.add_argument("--dry_run", action="store_true", help="print the commands alone")
    add_where(parser)
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Runs it.

    Raises:
        UsageError, InfraError: nothing failed, or Bazel cannot be started.
    """
    if options.last == (options.run is not None):
        raise UsageError("replay: say --last, or --run of the history; one of them")
    failures, code = _last(context) if options.last else (_of_history(options, context), 0)
    if not failures:
        raise UsageError("nothing failed, so there is nothing to run again")
    lines = commands(failures, options.rest)
    if options.json:
        context.answer([{"command": [program(context), *words]} for words in lines])
        return code
    if options.dry_run:
        context.say(*(shlex.join([program(context), *words]) for words in lines))
        return code
    codes = [run_bazel(context, words) for words in lines]
    return next(filter(None, codes), code)


def commands(failures: Iterable[Failure], options: Sequence[str]) -> list[list[str]]:
    """The words behind `bazel` that run all of them, each with its seed and nothing beside it."""
    tests: dict[tuple[str, str], list[str]] = {}
    for each in sorted(set(failures)):
        tests.setdefault((each.seed, each.label), []).append(each.test)
    labels: dict[tuple[str, str], list[str]] = {}
    for (seed, label), names in tests.items():
        labels.setdefault((seed, ",".join(names)), []).append(label)
    return [
        [
            "test",
            f"--test_filter={names}",
            f"{_SEED}={seed}",
            "--nocache_test_results",
            *options,
            "--",
            *those,
        ]
        for (seed, names), those in labels.items()
    ]


def _last(context: Context) -> tuple[list[Failure], int]:
    """What failed, and the exit code of who runs it well."""
    read = results_below(context.workspace / "bazel-testlogs", context)
    failures = [
        Failure(each.identity.label, each.identity.test, str(each.identity.seed))
        for each in failed(read.results)
    ]
    return failures, _ERROR if read.left_out else 0


def _of_history(options: argparse.Namespace, context: Context) -> list[Failure]:
    with opened(options, context) as connection:
        conditions = (*selected(connection, options.run), *parse_conditions(options.where))
        return [
            Failure(each.label, each.test, each.seed)
            for each in listed(connection, conditions)
            if each.verdict in _BAD
        ]
