# SPDX-License-Identifier: Apache-2.0
"""Packs the files of a source tree so that the archive's bytes follow from their contents alone.

archive.py --tree DIR --out FILE.tar
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import tarfile
from collections.abc import Callable, Iterable

TOP = "linux"

# Any fixed moment, in seconds; make wants sources older than what it makes of them.
_MTIME = 1577836800

# `git rev-parse --local-env-vars`
_OF_A_REPOSITORY = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
}


class TreeError(Exception):
    """A source tree that cannot be had as it is; the text names it and says what to do."""


def pack(tree: pathlib.Path, names: Iterable[str], out: pathlib.Path) -> None:
    """Writes files and links of `tree`, below one top folder, sorted by name, without owners.

    Raises:
      TreeError: something is neither file nor link, or has gone.
    """
    with tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as archive:
        for name in sorted(names):
            path = tree / name
            info = tarfile.TarInfo(f"{TOP}/{name}")
            info.mtime = _MTIME
            try:
                if path.is_symlink():
                    info.type, info.mode = tarfile.SYMTYPE, 0o777
                    info.linkname = os.readlink(path)
                    archive.addfile(info)
                    continue
                with path.open("rb") as file:
                    status = os.fstat(file.fileno())
                    info.size = status.st_size
                    info.mode = 0o755 if status.st_mode & 0o111 else 0o644
                    archive.addfile(info, file)
            except OSError as error:
                raise TreeError(f"{path}: {error.strerror}: it cannot be packed") from error


def every_file(tree: pathlib.Path) -> list[str]:
    """The names of all files and links below `tree`, as /-separated paths."""
    found: list[str] = []
    for folder, folders, files in os.walk(tree):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        below = pathlib.Path(folder).relative_to(tree)
        found += [(below / name).as_posix() for name in files + links]
    return found


def git_environment() -> dict[str, str]:
    """The environment for git, without what says which repository it works on.

    git sets these for its hooks, and Bazel hands them on when a hook runs it: commands would read,
    or write, the repository that is committed to.
    """
    return {name: value for name, value in os.environ.items() if name not in _OF_A_REPOSITORY}


def check_is_kernel(tree: pathlib.Path) -> None:
    """Raises TreeError: `tree` is no top folder of kernel sources."""
    if not tree.is_dir():
        raise TreeError(f"{tree}: there is no such directory")
    missing = [name for name in ("Kconfig", "Makefile") if not (tree / name).is_file()]
    if missing:
        raise TreeError(f"{tree} is no kernel source tree: it has no {' and no '.join(missing)}")


def run(
    argv: list[str], description: str | None, work: Callable[[pathlib.Path, pathlib.Path], str]
) -> int:
    """The program around `work`, which takes --tree and --out; prints what that returns.

    Its exit status is 1, with the reason on stderr, where `work` raises TreeError or OSError.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tree", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args(argv)
    try:
        print(work(args.tree, args.out), end="")
    except (TreeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _pack_all(tree: pathlib.Path, out: pathlib.Path) -> str:
    check_is_kernel(tree)
    pack(tree, every_file(tree), out)
    return ""


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], __doc__, _pack_all))
