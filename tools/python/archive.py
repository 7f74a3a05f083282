# SPDX-License-Identifier: Apache-2.0
"""Packs a program's modules for a quick start: archive --output FILE --module PATH=FILE ...

FILE becomes an archive of bytecode and sources. Bazel's sandbox shows a program as sources alone,
which Python would compile at each start: for a test's runner that is a third of a second.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from tools.python.collect import TIME, add_module


def import_path(path: str, roots: Iterable[str]) -> str:
    """`path` from where its import begins: the longest of `roots` above it, or its repository."""
    above = [root for root in roots if path.startswith(f"{root}/")]
    return path[len(max(above, key=len, default=path.partition("/")[0])) + 1 :]


def modules_of(
    sources: Mapping[str, Path], roots: Iterable[str], native: Iterable[str]
) -> dict[str, Path]:
    """The sources by import path, but for those beside native code, which no archive can hold.

    Args:
      sources: by runfiles path.
      roots: runfiles paths that imports begin at, besides repositories.
      native: runfiles paths of extension modules.
    """
    beside = {PurePosixPath(path).parent for path in native}
    return {
        import_path(path, roots): file
        for path, file in sources.items()
        if beside.isdisjoint(PurePosixPath(path).parents)
    }


def write_archive(modules: Mapping[str, Path], target: Path) -> None:
    """Writes the archive; its bytes depend on import paths and sources alone.

    Raises:
      SyntaxError: a source is no Python of this version; has file and line.
    """
    folders = {f"{folder}/" for name in modules for folder in PurePosixPath(name).parents}
    with zipfile.ZipFile(target, "w") as archive:
        # for packages without an __init__.py, which may go on in a directory
        for folder in sorted(folders - {"./"}):
            archive.writestr(zipfile.ZipInfo(folder, TIME), b"")
        for name, path in sorted(modules.items()):
            add_module(archive, name, path.read_bytes(), f"<{target.stem}>/{name}")


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--output", type=Path, required=True)
    for name in ("module", "native", "root"):
        parser.add_argument(f"--{name}", action="append", default=[])
    options = parser.parse_args(argv)
    pairs = (each.partition("=") for each in options.module)
    sources = {path: Path(file) for path, _, file in pairs}
    write_archive(modules_of(sources, options.root, options.native), options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
