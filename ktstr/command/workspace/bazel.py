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


def built_programs(
    context: Context, labels: Sequence[str], options: Sequence[str] = ()
) -> list[str]:
    """Builds targets; the program of each, with its runfiles beside it.

    options: of Bazel's build, which say which of a target's configurations is meant.

    Raises:
        UsageError: one cannot be built, or is no program.
        InfraError: Bazel cannot be started.
    """
    words = ["build", "--build_runfile_links", *options, "--", *labels]
    code = run_bazel(context, words, aside=True)
    if code:
        raise UsageError(f"bazel build ended with {code}; what it says is above")
    root = _said(context, ["info", *options, "execution_root"])
    expression = "--starlark:expr=target.files_to_run.executable.path"
    return [
        f"{root}/{_said(context, ['cquery', *options, '--output=starlark', expression, label])}"
        for label in labels
    ]


def _said(context: Context, words: Sequence[str]) -> str:
    done = answer(program(context), words, context.workspace)
    found = done.stdout.split()
    if done.returncode or not found:
        raise UsageError(f"bazel {shlex.join(words)}: {done.stderr.strip()[-400:]}")
    return found[-1]


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
