# SPDX-License-Identifier: Apache-2.0
"""Commits of the user's repository, each in a work tree of its own, which are gone at the end.

The user's own tree is only read. A run that was killed leaves its trees; the next one removes
them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ktstr.history.git import git
from ktstr.model.errors import InfraError, UsageError

# Bazel's own file, and what it reads of the workspace: settings of this machine or user.
_RC = ".bazelrc"
_IMPORT = re.compile(r"^\s*(?:try-)?import\s+%workspace%/(\S+)", re.MULTILINE)
# Once is not enough where git was killed while it made the tree: that one is still locked.
_FORCED = ("--force", "--force")


class Trees:
    """The work trees of one workspace's repository."""

    def __init__(self, workspace: Path) -> None:
        """`workspace` may be a folder below the repository's top.

        Raises:
            UsageError: it is in no repository.
        """
        top = _git(workspace, "rev-parse", "--show-toplevel")
        if top is None:
            raise UsageError(
                f"{workspace} is in no git repository, so there are no commits to compare: compare "
                f"flags (--base_flag, --new_flag) or targets (--base_target, --new_target)"
            )
        self._workspace, self._top = workspace, Path(top)

    def commit(self, name: str) -> str:
        """The digits of a commit, branch or tag.

        Raises:
            UsageError: there is none of that name.
        """
        query = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        found = _git(self._workspace, *query)
        if found is None:
            raise UsageError(
                f"there is no commit {name!r} in the repository of {self._workspace}; a clone of a "
                f"CI may lack it: git fetch --unshallow"
            )
        return found

    def is_dirty(self) -> bool:
        """Whether files that git knows differ from HEAD."""
        return bool(_git(self._workspace, "status", "--porcelain", "--untracked-files=no"))

    def unknown(self) -> tuple[str, ...]:
        """Files that git neither knows nor ignores."""
        found = _git(self._workspace, "ls-files", "--others", "--exclude-standard", "-z") or ""
        return tuple(filter(None, found.split("\0")))

    @contextlib.contextmanager
    def at(self, commit: str, tree: Path) -> Iterator[Path]:
        """The workspace as it was at a commit, with the machine's own settings of Bazel.

        tree: where the commit is checked out.

        Raises:
            InfraError: git cannot make it.
            UsageError: there was no such workspace then.
        """
        self._remove(tree)
        try:
            made = _run(self._top, "worktree", "add", *_FORCED, "--detach", str(tree), commit)
            if made.returncode:
                raise InfraError(f"git worktree add {tree} {commit}: {made.stderr.strip()}")
            inside = tree / self._workspace.resolve().relative_to(self._top.resolve())
            if not inside.is_dir():
                raise UsageError(
                    f"commit {commit[:12]} has no folder {inside.relative_to(tree)}, where the "
                    f"workspace is now"
                )
            self._take_settings(inside)
            yield inside
        finally:
            self._remove(tree)

    def _remove(self, tree: Path) -> None:
        if tree.exists():
            _run(self._top, "worktree", "remove", *_FORCED, str(tree))
            shutil.rmtree(tree, ignore_errors=True)
        _run(self._top, "worktree", "prune")

    def _take_settings(self, inside: Path) -> None:
        """Copies what the tree's .bazelrc imports and the commit has not: it is in no commit."""
        rc = inside / _RC
        text = rc.read_text(encoding="utf-8", errors="replace") if rc.is_file() else ""
        for name in _IMPORT.findall(text):
            own, copy = self._workspace / name, inside / name
            if own.is_file() and not copy.exists() and copy.resolve().is_relative_to(inside):
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(own, copy)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Makes `folder`, and keeps others out of it while the block runs.

    Raises:
        UsageError: another one is at it.
        InfraError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InfraError(f"cannot use {folder}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise UsageError(
            "another perf-delta runs in this workspace: two would slow each other, so wait for it"
        ) from None
    try:
        yield
    finally:
        os.close(lock)


def _git(folder: Path, *words: str) -> str | None:
    done = _run(folder, *words)
    return None if done.returncode else done.stdout.strip()


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    try:
        return git(folder, *words)
    except OSError as error:
        raise InfraError(f"git cannot be started: {error.strerror}; install git") from error
