# SPDX-License-Identifier: Apache-2.0
"""Formats the repository's tracked files in place: tools/bazel run //tools/lint:fix."""

import os
import subprocess
import sys
from pathlib import Path

from runfiles import Runfiles


def main() -> int:
    """Returns the highest exit code: what cannot be fixed is printed."""
    workspace = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=workspace,
        check=True,
        capture_output=True,
        text=True,
    )
    files = [f for f in listed.stdout.split("\0") if f and (workspace / f).is_file()]
    python = [f for f in files if f.endswith(".py")]
    ruff, clang_format = (
        "pypi_dev/site/bin/ruff",
        "pypi_dev/site/clang_format/data/bin/clang-format",
    )
    work = [
        ([ruff, "check", "--quiet", "--fix"], python),
        ([ruff, "format", "--quiet"], python),
        ([clang_format, "-i"], _ending(files, ".c", ".h")),
        (["buildifier/buildifier", "-mode=fix"], _ending(files, ".bzl", ".bazel")),
    ]
    return max(_run([*command, *named], workspace) for command, named in work if named)


def _ending(files: list[str], *suffixes: str) -> list[str]:
    return [f for f in files if f.endswith(suffixes)]


def _run(command: list[str], workspace: Path) -> int:
    runfiles = Runfiles.Create()
    program = runfiles.Rlocation(command[0]) if runfiles else None
    if program is None or not Path(program).exists():
        raise RuntimeError(f"{command[0]} is not among the runfiles")
    if Path(program).stat().st_size == 0:
        print(f"{command[0]}: not run, npm was not on PATH when it was to be fetched")
        return 0
    return subprocess.run([program, *command[1:]], cwd=workspace, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
