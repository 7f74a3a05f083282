# SPDX-License-Identifier: Apache-2.0
"""The shared libraries that programs of a Debian root need, by their DT_NEEDED entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import InterpSegment

from ktstr.model.errors import UsageError

# Where Debian's dynamic loader looks without a cache (trusted directories of glibc's ld.so).
_LIBRARY_DIRECTORIES = ("usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib")


@dataclass(frozen=True)
class Linkage:
    """What one ELF file asks of the dynamic loader; all empty for a static program."""

    interpreter: str
    needed: tuple[str, ...]


def linkage(path: Path) -> Linkage:
    """Reads the interpreter and the needed libraries of an ELF file.

    Raises:
      UsageError: the file is no ELF file.
    """
    with path.open("rb") as file:
        try:
            elf = ELFFile(file)
            segments = (each for each in elf.iter_segments() if isinstance(each, InterpSegment))
            interpreter = next((str(each.get_interp_name()) for each in segments), "")
            dynamic = elf.get_section_by_name(".dynamic")
            needed: tuple[str, ...] = ()
            if isinstance(dynamic, DynamicSection):
                needed = tuple(_needed(tag) for tag in dynamic.iter_tags("DT_NEEDED"))
        except ELFError as error:
            raise UsageError(f"{path} is no ELF file: {error}") from None
    return Linkage(interpreter, needed)


def closure(root: Path, programs: Iterable[Path]) -> dict[str, Path]:
    """Guest path -> file of everything that `programs` load, loaders included, programs not.

    Args:
      root: a Debian root with merged /usr, where the libraries are looked for.
      programs: ELF files; they may lie outside the root.

    Raises:
      UsageError: a library is in none of the root's library directories; the message says who
        needs it.
    """
    found: dict[str, Path] = {}
    waiting = list(programs)
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        wants = linkage(path)
        if wants.interpreter:
            loader = wants.interpreter.lstrip("/")
            found[loader] = (root / "usr" / loader).resolve()
        for name in wants.needed:
            guest_path, library = _find(root, name, path)
            if library not in seen:
                seen.add(library)
                found[guest_path] = library
                waiting.append(library)
    return found


def _needed(tag: Any) -> str:
    # pyelftools adds the attribute to tags of this kind only.
    return str(tag.needed)


def _find(root: Path, name: str, needed_by: Path) -> tuple[str, Path]:
    for directory in _LIBRARY_DIRECTORIES:
        candidate = root / directory / name
        if candidate.is_file():
            return f"{directory}/{name}", candidate.resolve()
    raise UsageError(
        f"{needed_by} needs {name}, which is in none of {', '.join(_LIBRARY_DIRECTORIES)} of "
        f"{root}; link it statically, or add the library's package to the root"
    )
