# SPDX-License-Identifier: Apache-2.0
"""Bazel in the user's workspace."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from ktstr.command.context import Context
from ktstr.command.workspace.answer import answer, not_started, program_of
from ktstr.model.errors import UsageError

_STANDARD_ERROR = 2


def program(context: Context) -> str:
    """The workspace's own tools/bazel, else the one on PATH."""
    return program_of(context.workspace)


def run_bazel(context: Context, words: Sequence[str], *, aside: bool = False) -> int:
    """Runs Bazel in the workspace, on this terminal; the exit code.

    aside: what it says is no part of our answer: it goes to standard error.

    Raises:
        InfraError: it cannot be started.
    """
    command = [program(context), *words]
    context.tell(shlex.join(command))
    context.out.flush()
    try:
        to = _STANDARD_ERROR if aside else None
        return subprocess.run(command, cwd=context.workspace, stdout=to, check=False).returncode
    except OSError as error:
        raise not_started(command[0], error) from error


def query(context: Context, expression: str) -> list[str]:
    """The labels that a query gives; those of parts that cannot be loaded are left out.

    Raises:
        UsageError: it gives none, and Bazel says why.
        InfraError: Bazel cannot be started, or takes too long.
    """
    command = [program(context), "query", "--keep_going", "--noshow_progress", expression]
    done = answer(command[0], command[1:], context.workspace)
    found = done.stdout.split()
    if done.returncode and not found:
        raise UsageError(f"{shlex.join(command)}: {done.stderr.strip()}")
    return found
