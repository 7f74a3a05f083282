# SPDX-License-Identifier: Apache-2.0
"""Packs a program's modules for a quick start.

    archive --output FILE --directory DIRECTORY --module PATH=FILE ... --native PATH=FILE ...

FILE becomes an archive of bytecode and sources. Bazel's sandbox shows a program as sources alone,
which Python would compile at each start: for a test's runner that is a third of a second. No
archive can hold native code: packages that have some come into DIRECTORY, with their bytecode.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from tools.python.collect import TIME, add_module, bytecode


def import_path(path: str, roots: Iterable[str]) -> str:
    """`path` from where its import begins: the longest of `roots` above it, or its repository."""
    above = [root for root in roots if path.startswith(f"{root}/")]
    return path[len(max(above, key=len, default=path.partition("/")[0])) + 1 :]


def modules_of(
    sources: Mapping[str, Path], roots: Iterable[str], native: Iterable[str]
) -> dict[str, Path]:
    """The sources by import path, but for those of packages with native code.

    Args:
      sources: by runfiles path.
      roots: runfiles paths that imports begin at, besides repositories.
      native: runfiles paths of extension modules, and of what is beside them.
    """
    beside = {PurePosixPath(path).parent for path in native}
    return {
        import_path(path, roots): file
        for path, file in sources.items()
        if beside.isdisjoint(PurePosixPath(path).parents)
    }


def native_of(
    sources: Mapping[str, Path], roots: Iterable[str], native: Mapping[str, Path]
) -> dict[str, Path]:
    """Packages with native code, by import path; arguments as above."""
    packed = set(modules_of(sources, roots, native))
    beside = {import_path(path, roots): file for path, file in {**sources, **native}.items()}
    return {name: file for name, file in beside.items() if name not in packed}


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


def write_directory(files: Mapping[str, Path], target: Path) -> None:
    """Copies the files to where an import finds them, and adds the bytecode of sources.

    Raises:
      SyntaxError: a source is no Python of this version; has file and line.
    """
    target.mkdir(exist_ok=True)
    for name, path in sorted(files.items()):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        if copy.suffix == ".py":
            code = Path(importlib.util.cache_from_source(copy, optimization=""))
            code.parent.mkdir(exist_ok=True)
            code.write_bytes(bytecode(path.read_bytes(), f"<{target.stem}>/{name}"))


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    for name in ("module", "native", "root"):
        parser.add_argument(f"--{name}", action="append", default=[])
    options = parser.parse_args(argv)
    sources, native = _files(options.module), _files(options.native)
    write_archive(modules_of(sources, options.root, native), options.output)
    write_directory(native_of(sources, options.root, native), options.directory)
    return 0


def _files(pairs: Iterable[str]) -> dict[str, Path]:
    split = (each.partition("=") for each in pairs)
    return {path: Path(file) for path, _, file in split}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
