# SPDX-License-Identifier: Apache-2.0
"""Lays out a scheduler's own program as the guest is to have it, with the libraries that it loads.

    program --program scx_mine --root ROOT --folder /scheduler/mine --output DIRECTORY

The folder holds the program under its name.  A dynamically linked one lies in `NAME.d/elf`, what it
loads in `NAME.d/lib`, and a script in its place starts it by its own loader: the guest's libraries,
which are Python's, may be of another system and another glibc.  The loader lies in `NAME.d/loader`
under the program's name, for the kernel calls a process after the file that it executes.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from ktstr.model.errors import UsageError
from tools.initramfs import elf

_NEEDS, _PROGRAM, _LIBRARIES, _LOADER = ".d", "elf", "lib", "loader"


def lay_out(program: Path, root: Path, folder: str, output: Path) -> None:
    """Writes what is to lie in the guest's `folder` into the directory `output`.

    Args:
      program: a program of x86-64 in ELF, static or not.
      root: the Debian root that libraries and loader are taken from.
      folder: absolute path in the guest.
      output: an empty directory.

    Raises:
      UsageError: it is no such program, or asks for a library or a loader that the root lacks.
    """
    name = program.name
    linkage = elf.linkage(program)
    if not elf.is_loadable(program):
        raise UsageError(f"{program} is an object file, no program; link it")
    if not linkage.interpreter:
        if linkage.needed:
            raise UsageError(
                f"{program} is a shared library, no program: it needs {', '.join(linkage.needed)} "
                f"and names no loader"
            )
        _copy(program, output / name)
        return
    needs = name + _NEEDS
    found = elf.closure(root, {f"{folder}/{needs}/{_PROGRAM}/{name}".lstrip("/"): program})
    for library, file in _by_name(found).items():
        _copy(file, output / needs / _LIBRARIES / library)
    _copy(found[linkage.interpreter.lstrip("/")], output / needs / _LOADER / name)
    _copy(program, output / needs / _PROGRAM / name)
    (output / name).write_text(_launcher(f"{folder}/{needs}", name))
    (output / name).chmod(0o755)


def main(argv: Sequence[str]) -> int:
    """Runs the program; returns its exit status."""
    parser = argparse.ArgumentParser(description="Lay out a scheduler's program for the guest.")
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True, help="an unpacked Debian root")
    parser.add_argument("--folder", required=True, help="absolute path in the guest")
    parser.add_argument("--label", required=True, help="whose it is, for messages")
    parser.add_argument("--output", type=Path, required=True, help="a directory")
    options = parser.parse_args(argv)
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        lay_out(options.program, options.root, options.folder, options.output)
    except UsageError as error:
        print(f"{options.label}: binary: {error}", file=sys.stderr)
        return 1
    return 0


def _by_name(found: Mapping[str, Path]) -> dict[str, Path]:
    """The files by their names alone, since all of them are to lie in one directory.

    Raises:
      UsageError: two that differ have one name.
    """
    named: dict[str, tuple[str, Path]] = {}
    for path, file in found.items():
        name = PurePosixPath(path).name
        other, known = named.setdefault(name, (path, file))
        if known != file and known.read_bytes() != file.read_bytes():
            raise UsageError(
                f"it loads two libraries of the name {name} that differ: /{other} and /{path}; "
                f"link one of them statically"
            )
    return {name: file for name, (_, file) in named.items()}


def _launcher(needs: str, name: str) -> str:
    loader, libraries, program = (
        shlex.quote(f"{needs}/{part}")
        for part in (f"{_LOADER}/{name}", _LIBRARIES, f"{_PROGRAM}/{name}")
    )
    return f'#!/bin/sh\nexec {loader} --library-path {libraries} {program} "$@"\n'


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
