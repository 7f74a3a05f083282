# SPDX-License-Identifier: Apache-2.0
"""Packs a working tree on this machine: what git tracks or would track, as it lies there now.

    tree.py --tree DIR --out FILE.tar

Runs inside a repository rule on the host's Python, with the host's git. Prints a JSON object:
`state`: "clean" (all as in the commit), "dirty" or "no_git"; `commit`, or ""; `changed`: how many
files differ from the commit; `watch`: files that change whenever the commit does.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass

# A repository rule's Python starts isolated: imports begin at the top of the repository.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from tools.kernel.source.archive import TreeError, check_is_kernel, git_environment, pack, run

CLEAN, DIRTY, NO_GIT = "clean", "dirty", "no_git"

_GIT_SECONDS = 300


@dataclass(frozen=True)
class State:
    """What a tree is, apart from its files' contents."""

    state: str
    commit: str
    changed: int
    watch: tuple[str, ...]


def git(tree: pathlib.Path, *arguments: str) -> str:
    """git's output in `tree`; it takes no locks there.

    Raises:
      TreeError: there is no git, or it fails; in git's own words.
    """
    command = ["git", "--no-optional-locks", "-C", str(tree), *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="surrogateescape",  # of names that are no UTF-8
            check=False,
            env=git_environment(),
            timeout=_GIT_SECONDS,
        )
    except FileNotFoundError as error:
        raise TreeError(f"{tree}: packing a source tree needs git, and there is none") from error
    except subprocess.TimeoutExpired as error:
        raise TreeError(f"{tree}: git {arguments[0]} took over {_GIT_SECONDS} s") from error
    if done.returncode:
        raise TreeError(f"{tree}: git {arguments[0]} failed:\n{done.stderr.strip()}")
    return done.stdout


def state_of(tree: pathlib.Path) -> State:
    """Whether the tree is what its commit says.

    Raises:
      TreeError: git fails.
    """
    in_git = any((folder / ".git").exists() for folder in (tree, *tree.parents))
    if not in_git or not git(tree, "ls-files", "--", "Kconfig"):
        return State(NO_GIT, "", 0, ())
    heads = [git(tree, "rev-parse", "--git-path", name).strip() for name in ("HEAD", "logs/HEAD")]
    watch = tuple(str(tree / head) for head in heads if (tree / head).exists())
    changed = git(tree, "status", "--porcelain", "--untracked-files=normal", "--", ".").splitlines()
    try:
        commit = git(tree, "rev-parse", "--verify", "HEAD").strip()
    except TreeError:
        commit = ""
    return State(CLEAN if commit and not changed else DIRTY, commit, len(changed), watch)


def files_of(tree: pathlib.Path, state: State) -> list[str]:
    """The names of what belongs to the sources: all files that no .gitignore excludes.

    Raises:
      TreeError: git fails, or a .gitignore excludes the sources.
    """
    listing = ["ls-files", "-z", "--others", "--exclude-standard"]
    if state.state == NO_GIT:
        # An empty repository beside the tree: git applies the tree's .gitignore files, no more.
        with tempfile.TemporaryDirectory(prefix="ktstr-tree-") as empty:
            git(tree, "init", "--quiet", "--bare", empty)
            names = git(tree, f"--git-dir={empty}", f"--work-tree={tree}", *listing)
    else:
        names = git(tree, *listing, "--cached", "--deduplicate")
    found = [name for name in names.split("\0") if name and _is_there(tree / name)]
    if "Kconfig" not in found:
        # Debian's linux-source has `/*` in it
        raise TreeError(
            f"{tree}: its .gitignore excludes Kconfig itself, so git cannot tell the sources; take "
            "the line away that does, or commit the sources (git add --force)"
        )
    return found


def _is_there(path: pathlib.Path) -> bool:
    """Not where git's index has a file that is now a folder: what is in it has names of its own."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_dir())


def snapshot(tree: pathlib.Path, out: pathlib.Path) -> State:
    """Packs the tree, and makes sure that nothing changed meanwhile.

    Raises:
      TreeError: it is no kernel source tree, git fails, or somebody edits it.
    """
    check_is_kernel(tree)
    state = state_of(tree)
    before = _stats(tree, files_of(tree, state))
    pack(tree, before, out)
    after = _stats(tree, files_of(tree, state))
    changed = sorted(name for name in before.keys() | after if before.get(name) != after.get(name))
    if changed or state_of(tree) != state:
        what = changed[0] if changed else "its commit"
        raise TreeError(f"{tree}: {what} changed while the tree was packed; try again")
    return state


def _stats(tree: pathlib.Path, names: list[str]) -> dict[str, tuple[int, int, int]]:
    stats = {}
    for name in names:
        try:
            status = os.lstat(tree / name)
        except FileNotFoundError:
            continue
        stats[name] = status.st_mode, status.st_size, status.st_mtime_ns
    return stats


def _described(tree: pathlib.Path, out: pathlib.Path) -> str:
    return json.dumps(asdict(snapshot(tree.resolve(), out))) + "\n"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], __doc__, _described))
