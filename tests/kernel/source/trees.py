# SPDX-License-Identifier: Apache-2.0
"""Small source trees for tests of what is packed: they look like a kernel's, and build nothing."""

import os
import subprocess
import tarfile
from pathlib import Path

_FIXED = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}
_GIT_SECONDS = 60


def write_tree(tree: Path) -> None:
    """A Makefile, a Kconfig, a script, a link, a .gitignore and something that it excludes."""
    for name, text in {
        "Makefile": "all:\n",
        "Kconfig": "config X\n",
        "kernel/fork.c": "int fork;\n",
        "kernel/fork.o": "object",
        ".gitignore": "*.o\n.config\n",
        ".config": "CONFIG_X=y\n",
        "scripts/run.sh": "#!/bin/sh\n",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    (tree / "scripts/run.sh").chmod(0o755)
    (tree / "kernel/link.c").symlink_to("fork.c")


SOURCES = {".gitignore", "Kconfig", "Makefile", "kernel/fork.c", "kernel/link.c", "scripts/run.sh"}


def git(tree: Path, *arguments: str) -> str:
    """git's output in the tree, with a fixed author."""
    done = subprocess.run(
        ["git", "-C", tree, *arguments],
        env={**os.environ, **_FIXED},
        check=True,
        capture_output=True,
        text=True,
        timeout=_GIT_SECONDS,
    )
    return done.stdout.strip()


def commit_all(tree: Path, *how: str) -> str:
    """Makes the tree a repository with all of it in one commit; returns the commit's id.

    how: further options of `git add`.
    """
    git(tree, "init", "--quiet", "--initial-branch=main")
    git(tree, "add", "--all", *how)
    git(tree, "commit", "--quiet", "--message=all")
    return git(tree, "rev-parse", "HEAD")


def packed(archive: Path) -> dict[str, bytes]:
    """Name below the top folder -> content of a file, target of a link."""
    with tarfile.open(archive) as tar:
        found = {}
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            content = file.read() if file else member.linkname.encode()
            found[member.name.removeprefix("linux/")] = content
        return found
