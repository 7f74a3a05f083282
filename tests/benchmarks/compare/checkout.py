# SPDX-License-Identifier: Apache-2.0
"""A checkout that is compared, as it is named on a command line."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.errors import UsageError

_NEEDED = ("tools/bazel", "MODULE.bazel", "sched/BUILD.bazel")


@dataclass(frozen=True)
class Checkout:
    """A folder with a work tree of ktstr, absolute, and its commit, with "+" if files differ."""

    folder: Path
    commit: str


def checkout_at(folder: Path) -> Checkout:
    """The checkout in a folder.

    Raises:
      UsageError: there is none.
    """
    folder = folder.resolve()
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise UsageError(
                f"checkouts: {folder} is no checkout of ktstr: it has no {name}; name the top "
                f"folder of a clone"
            )
    commit = _git(folder, "rev-parse", "--short", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Checkout(folder, commit + ("+" if changed else ""))


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UsageError(f"checkouts: git cannot be run: {error}; install it") from error
    if done.returncode:
        raise UsageError(
            f"checkouts: {folder} is no git work tree: {done.stderr.strip()}; make it one with "
            f"git clone"
        )
    return done.stdout.strip()
