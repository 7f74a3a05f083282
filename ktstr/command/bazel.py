# SPDX-License-Identifier: Apache-2.0
"""Bazel in the user's workspace."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from ktstr.command.context import Context
from ktstr.model.errors import InfraError, UsageError

_QUERY_S = 600.0


def program(context: Context) -> str:
    """The workspace's own tools/bazel, else the one on PATH."""
    own = context.workspace / "tools" / "bazel"
    return str(own) if own.exists() else "bazel"


def run_bazel(context: Context, words: Sequence[str]) -> int:
    """Runs Bazel in the workspace, on this terminal; the exit code.

    Raises:
        InfraError: it cannot be started.
    """
    command = [program(context), *words]
    context.tell(shlex.join(command))
    context.out.flush()
    try:
        return subprocess.run(command, cwd=context.workspace, check=False).returncode
    except OSError as error:
        raise _no_bazel(command[0], error) from error


def query(context: Context, expression: str) -> list[str]:
    """The labels that a query gives; those of parts that cannot be loaded are left out.

    Raises:
        UsageError: it gives none, and Bazel says why.
        InfraError: Bazel cannot be started, or takes too long.
    """
    command = [program(context), "query", "--keep_going", "--noshow_progress", expression]
    try:
        done = subprocess.run(
            command,
            cwd=context.workspace,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_QUERY_S,
            check=False,
        )
    except OSError as error:
        raise _no_bazel(command[0], error) from error
    except subprocess.TimeoutExpired as error:
        raise InfraError(f"bazel query did not end within {_QUERY_S:.0f} s") from error
    found = done.stdout.split()
    if done.returncode and not found:
        raise UsageError(f"{shlex.join(command)}: {done.stderr.strip()}")
    return found


def _no_bazel(name: str, error: OSError) -> InfraError:
    return InfraError(f"{name} cannot be started: {error.strerror}; install bazelisk or Bazel")
