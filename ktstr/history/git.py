# SPDX-License-Identifier: Apache-2.0
"""How git is asked of a repository that a folder names, whoever started us."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# By these git's hooks and aliases say which repository, tree and index their commands are of
# (git(1), githooks(5)), and a folder given with -C counts for nothing.
_OF_ANOTHER = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"}
)


def git(
    folder: Path, *words: str, timeout_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command of git's in the repository of a folder to its end, whatever that is.

    Raises:
        OSError: git cannot be started.
        subprocess.TimeoutExpired: it takes longer than `timeout_s`.
    """
    return subprocess.run(
        ["git", "-C", str(folder), *words],
        env=_environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=False,
    )


def _environ() -> Mapping[str, str]:
    """Ours, by which git takes the repository of its folder, with its own index."""
    return {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
