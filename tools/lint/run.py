# SPDX-License-Identifier: Apache-2.0
"""Runs one linter over a copy of the repository's sources: run.py LINTER [PROGRAM].

PROGRAM is the runfiles path of a linter that is no Python module.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from runfiles import Runfiles

from tools.lint import arrows, circles, directories, house

# Generated modules lie in the main repository's part of the runfiles.
_MAIN = "_main"


def main(arguments: list[str]) -> int:
    """Returns the linter's exit code; it prints its findings with paths of the repository."""
    runfiles = Runfiles.Create()
    if runfiles is None:
        raise RuntimeError("no runfiles: run this with bazel test //tools/lint/...")
    name, programs = arguments[0], [runfiles.Rlocation(a) for a in arguments[1:]]
    tree = _stage(runfiles)
    files = sorted(str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file())
    commands = _LINTERS[name](programs[0] or "" if programs else "", files)
    if not commands:
        print(f"{name}: no source files to read")
        return 1
    # Not the first failure only: formatting and rules are two commands of one linter.
    return max(_run(command, tree) for command in commands)


def _stage(runfiles: Runfiles) -> Path:
    """Copies sources and stubs into one tree, as they lie in the repository."""
    settings = runfiles.Rlocation("lint_sources/src/pyproject.toml")
    if settings is None:
        raise RuntimeError("no sources among the runfiles")
    source, tree = Path(settings).parent, Path(os.environ["TEST_TMPDIR"], "src")
    shutil.copytree(source, tree)
    for path in tree.rglob("*.source"):
        path.rename(path.with_suffix(""))
    main = Path(os.environ["RUNFILES_DIR"], _MAIN)
    for path in main.rglob("*_pb2.pyi"):
        target = tree / path.relative_to(main)
        target.parent.mkdir(parents=True, exist_ok=True)
        # protoc leaves the arguments of its mappings open, and fields that are named as a keyword.
        header = '# mypy: disable-error-code="type-arg,no-untyped-def"\n'
        target.write_text(header + path.read_text(encoding="utf-8"), encoding="utf-8")
    return tree


def _run(command: list[str], tree: Path) -> int:
    # Wheels count as installed, so that mypy does not report on what is inside them.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if "/site" in p)}
    return subprocess.run(command, cwd=tree, env=environment, check=False).returncode


def _ruff(program: str, files: list[str]) -> list[list[str]]:
    python = _ending(files, ".py")
    return [
        [program, "format", "--no-cache", "--diff", *python],
        [program, "check", "--no-cache", *python],
    ]


def _mypy(_program: str, files: list[str]) -> list[list[str]]:
    python = _ending(files, ".py")
    return [[sys.executable, "-m", "mypy", "--no-incremental", "--cache-dir=/dev/null", *python]]


def _buildifier(program: str, files: list[str]) -> list[list[str]]:
    starlark = _ending(files, ".bzl", ".bazel")
    return [[program, "-mode=check", "-lint=warn", f"-warnings={_BUILDIFIER_WARNINGS}", *starlark]]


def _clang_format(program: str, files: list[str]) -> list[list[str]]:
    return [[program, "--dry-run", "--Werror", *_ending(files, ".c", ".h")]]


def _shellcheck(program: str, files: list[str]) -> list[list[str]]:
    shell = [*_ending(files, ".sh"), *(f for f in files if f in {"tools/bazel", ".ci/run"})]
    return [[program, "--color=never", *shell]]


def _house(_program: str, files: list[str]) -> list[list[str]]:
    return [[sys.executable, house.__file__, *files]]


def _arrows(_program: str, files: list[str]) -> list[list[str]]:
    return [_with_neighbours(arrows.__name__, files)]


def _circles(_program: str, files: list[str]) -> list[list[str]]:
    return [_with_neighbours(circles.__name__, files)]


def _with_neighbours(module: str, files: list[str]) -> list[str]:
    """Runs what imports its neighbours, as a script cannot."""
    return ["env", "PYTHONPATH=.", sys.executable, "-m", module, *_ending(files, ".py")]


def _directories(_program: str, files: list[str]) -> list[list[str]]:
    return [[sys.executable, directories.__file__, *_ending(files, "BUILD.bazel")]]


def _ending(files: list[str], *suffixes: str) -> list[str]:
    return [f for f in files if f.endswith(suffixes)]


# Everything that is on by default, but for what would ask more of private functions than the house.
_BUILDIFIER_WARNINGS = "-module-docstring,-function-docstring,-function-docstring-args"

_LINTERS: dict[str, Callable[[str, list[str]], list[list[str]]]] = {
    "arrows": _arrows,
    "buildifier": _buildifier,
    "circles": _circles,
    "clang_format": _clang_format,
    "directories": _directories,
    "house": _house,
    "mypy": _mypy,
    "ruff": _ruff,
    "shellcheck": _shellcheck,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
