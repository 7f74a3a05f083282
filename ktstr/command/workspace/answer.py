# SPDX-License-Identifier: Apache-2.0
"""What Bazel answers in a workspace, for programs that go on with it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from ktstr.model.errors import InfraError

# A query loads every package that it names; a server that has to start takes a few seconds more.
_LIMIT_S = 600.0


def program_of(workspace: Path) -> str:
    """The workspace's own tools/bazel, else the one on PATH."""
    own = workspace / "tools" / "bazel"
    return str(own) if own.exists() else "bazel"


def answer(program: str, words: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command of Bazel's to its end, whatever that is; relative patterns begin at directory.

    Raises:
        InfraError: Bazel cannot be started, or takes too long.
    """
    try:
        return subprocess.run(
            [program, *words],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except OSError as error:
        raise not_started(program, error) from error
    except subprocess.TimeoutExpired as error:
        raise InfraError(f"bazel {words[0]} did not end within {_LIMIT_S:.0f} s") from error


def not_started(program: str, error: OSError) -> InfraError:
    """That Bazel cannot be started, and what to do."""
    return InfraError(f"{program} cannot be started: {error.strerror}; install bazelisk or Bazel")
