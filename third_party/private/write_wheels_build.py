# SPDX-License-Identifier: Apache-2.0
"""Writes the BUILD.bazel of a repository whose wheels are installed in site/ (run by pip.bzl).

    write_wheels_build.py [PATTERN ...]

Each file that is named is a target, which Bazel loads, and links into the sandbox of whoever
depends on its wheel. So wheels' own tests are left out, half of pandas and of numpy, which nobody
imports; and what matches a PATTERN.
"""

import json
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path, PurePath

SITE = "site"
_TESTS = "tests"

# A requirement's leading distribution name, as PEP 508 spells it.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def main(left_out: list[str]) -> None:
    """Reads site/ below the current directory, and writes BUILD.bazel."""
    distributions = {_canonical(d.metadata["Name"]): d for d in metadata.distributions(path=[SITE])}
    programs = _programs()
    lines = [
        'load("@rules_python//python:py_library.bzl", "py_library")',
        "",
        'package(default_visibility = ["//visibility:public"])',
        "",
        f"exports_files({json.dumps([f'{SITE}/bin/{p}' for p in programs])})",
    ]
    lines += [f'alias(name = "bin/{p}", actual = "{SITE}/bin/{p}")' for p in programs]
    for name, distribution in sorted(distributions.items()):
        lines += ["", *_library(name, distribution, distributions, left_out)]
    Path("BUILD.bazel").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _programs() -> list[str]:
    """Names of the executables in site/bin that do not depend on the interpreter's path."""
    directory = Path(SITE, "bin")
    if not directory.is_dir():
        return []
    return sorted(p.name for p in directory.iterdir() if p.read_bytes()[:4] == b"\x7fELF")


def _library(
    name: str,
    distribution: metadata.Distribution,
    known: dict[str, metadata.Distribution],
    left_out: list[str],
) -> Iterator[str]:
    files = sorted(str(f) for f in distribution.files or () if _is_kept(f, left_out))
    sources = [f"{SITE}/{f}" for f in files if f.endswith(".py")]
    data = [f"{SITE}/{f}" for f in files if not f.endswith((".py", ".pyc"))]
    deps = sorted({f":{d}" for d in _requirements(distribution) if d in known and d != name})
    yield "py_library("
    yield f'    name = "{name}",'
    yield f"    srcs = {json.dumps(sources)},"
    yield f"    data = {json.dumps(data)},"
    yield f'    imports = ["{SITE}"],'
    yield f"    deps = {json.dumps(deps)},"
    yield ")"


def _is_kept(file: PurePath, left_out: list[str]) -> bool:
    # Programs are recorded as ../../bin/NAME: they are no part of the importable tree.
    if ".." in file.parts or _TESTS in file.parts[:-1]:
        return False
    return not any(fnmatchcase(str(file), pattern) for pattern in left_out)


def _requirements(distribution: metadata.Distribution) -> Iterator[str]:
    for requirement in distribution.requires or ():
        specification, _, marker = requirement.partition(";")
        match = _NAME.match(specification.strip())
        if match and "extra" not in marker:
            yield _canonical(match.group())


if __name__ == "__main__":
    main(sys.argv[1:])
