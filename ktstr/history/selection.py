# SPDX-License-Identifier: Apache-2.0
"""Sets of results as a command line names them: by conditions, run, commit or branch."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Sequence

from ktstr.history.queries import last_whole, named, run_numbers, runs_of
from ktstr.history.where import TAG, Condition, parse_conditions
from ktstr.model.errors import UsageError

_NUMBER = re.compile(r"[0-9]{1,18}")
_LAST = re.compile(r"last(?:~([0-9]{1,9}))?")
_COMMIT = re.compile(r"[0-9a-f]{4,40}")
_OF_RUNS = frozenset({"run", "commit", "branch", "dirty", "ci", "imported"})
_GLOB = re.compile(r"[*?\[]")


def selected(
    connection: sqlite3.Connection, text: str, without: Collection[int] = ()
) -> tuple[Condition, ...]:
    """The conditions that a set comes to.

    `DIMENSION=VALUE[,...]`, the number of a run, `last` or `last~N` (N runs before), a commit's
    first digits, or a branch: its last whole run that is none of `without`, as all that a branch
    ever had is of no one state of it.

    Raises:
        UsageError: nothing has that name, or more than one thing, or the branch has no such run.
    """
    if "=" in text:
        return parse_conditions([text])
    last = _LAST.fullmatch(text)
    if last is not None:
        return (_run(_nth(run_numbers(connection), int(last[1] or 0), text)),)
    if _NUMBER.fullmatch(text) and int(text) in run_numbers(connection):
        return (_run(int(text)),)
    literally = _GLOB.sub(lambda found: f"[{found[0]}]", text)
    branch = named(connection, "branch", literally)
    commits = named(connection, "commit", f"{text}*") if _COMMIT.fullmatch(text) else []
    if not text or not (branch or commits):
        raise UsageError(
            f"{text!r} is no run, commit or branch of this history (`ktstr runs` lists them), and "
            f"no condition such as kernel=linux_7_2"
        )
    if len(branch) + len(commits) > 1:
        several = ", ".join([*(f"branch={each}" for each in branch), *sorted(commits)])
        raise UsageError(f"{text!r} may be any of {several}; say which, as branch= or commit=")
    if branch:
        number = last_whole(connection, text, without)
        if number is None:
            other = " but those that it is compared with" if without else ""
            raise UsageError(
                f"the branch {text!r} has no whole run{other}: import one, or say branch={text} "
                f"for all of it"
            )
        return (_run(number),)
    return (Condition("commit", "=", commits[0]),)


def runs_in(connection: sqlite3.Connection, conditions: Sequence[Condition]) -> frozenset[int]:
    """The runs of a set, where its conditions are of runs alone; none of another.

    Sets that are of one run and differ by scheduler, say, have no result in common.
    """
    if any(
        each.dimension not in _OF_RUNS and not each.dimension.startswith(TAG) for each in conditions
    ):
        return frozenset()
    return runs_of(connection, conditions)


def _run(number: int) -> Condition:
    return Condition("run", "=", str(number))


def _nth(numbers: list[int], index: int, text: str) -> int:
    if index >= len(numbers):
        raise UsageError(f"{text}: the history has {len(numbers)} runs; `ktstr runs` lists them")
    return numbers[index]
