# SPDX-License-Identifier: Apache-2.0
"""Sets of results as a command line names them: by conditions, run, commit or branch."""

from __future__ import annotations

import re
import sqlite3

from ktstr.history.queries import named, run_numbers
from ktstr.history.where import Condition, parse_conditions
from ktstr.model.errors import UsageError

_LAST = re.compile(r"last(?:~(\d{1,9}))?")
_COMMIT = re.compile(r"[0-9a-f]{4,40}")
_GLOB = re.compile(r"[*?\[]")


def selected(connection: sqlite3.Connection, text: str) -> tuple[Condition, ...]:
    """The conditions that a set comes to.

    `DIMENSION=VALUE[,...]`, the number of a run, `last` or `last~N` (N runs before), a commit's
    first digits, or a branch.

    Raises:
        UsageError: nothing has that name, or more than one thing.
    """
    if "=" in text:
        return parse_conditions([text])
    last = _LAST.fullmatch(text)
    if last is not None:
        return (_run(_nth(run_numbers(connection), int(last[1] or 0), text)),)
    if text.isdecimal() and int(text) in run_numbers(connection):
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
        return (Condition("branch", "=", literally),)
    return (Condition("commit", "=", commits[0]),)


def _run(number: int) -> Condition:
    return Condition("run", "=", str(number))


def _nth(numbers: list[int], index: int, text: str) -> int:
    if index >= len(numbers):
        raise UsageError(f"{text}: the history has {len(numbers)} runs; `ktstr runs` lists them")
    return numbers[index]
