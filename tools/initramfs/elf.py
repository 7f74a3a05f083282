# SPDX-License-Identifier: Apache-2.0
"""The shared libraries that programs need, by what their ELF headers say.

Search order and $ORIGIN are those of ld.so(8) without a cache, LD_LIBRARY_PATH and hwcaps: DT_RPATH
of the object and of those that loaded it, unless the object has DT_RUNPATH; DT_RUNPATH; the
default directories.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import InterpSegment

from ktstr.model.errors import UsageError

MAGIC = b"\x7fELF"
_ORIGIN = ("$ORIGIN", "${ORIGIN}")


@dataclass(frozen=True)
class Target:
    """The architecture of programs: ELF's name, and Debian's directory of its libraries."""

    machine: str
    libraries: str

    @property
    def directories(self) -> tuple[str, ...]:
        """Where Debian's dynamic loader looks without a cache (trusted directories of ld.so)."""
        return (self.libraries, "usr/lib64", "usr/lib")


X86_64 = Target("EM_X86_64", "usr/lib/x86_64-linux-gnu")
TARGETS = {"arm64": Target("EM_AARCH64", "usr/lib/aarch64-linux-gnu"), "x86_64": X86_64}


@dataclass(frozen=True)
class Linkage:
    """What one ELF file asks of the dynamic loader; all empty for a static program."""

    interpreter: str
    needed: tuple[str, ...]
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Loaded:
    """An ELF file at its guest path; `rpath`: the DT_RPATH of those that load it, expanded."""

    guest: str
    file: Path
    rpath: tuple[str, ...] = ()


def is_loadable(path: Path) -> bool:
    """Whether a file is a program or a library for the guest, not an object or one of BPF's."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return False
        try:
            elf = ELFFile(file)
        except ELFError:
            return False
        return elf["e_machine"] == X86_64.machine and elf["e_type"] in ("ET_EXEC", "ET_DYN")


def linkage(path: Path, target: Target = X86_64) -> Linkage:
    """Reads the interpreter, the needed libraries and the search paths of an ELF file.

    Raises:
      UsageError: the file is no ELF file, or one for another machine.
    """
    with path.open("rb") as file:
        try:
            elf = ELFFile(file)
            if elf["e_machine"] != target.machine:
                raise UsageError(f"{path} is for {elf['e_machine']}; the guest is {target.machine}")
            segments = (each for each in elf.iter_segments() if isinstance(each, InterpSegment))
            interpreter = next((str(each.get_interp_name()) for each in segments), "")
            dynamic = elf.get_section_by_name(".dynamic")
            if not isinstance(dynamic, DynamicSection):
                return Linkage(interpreter, ())
            return Linkage(
                interpreter,
                tuple(_strings(dynamic, "needed")),
                tuple(_directories(dynamic, "rpath")),
                tuple(_directories(dynamic, "runpath")),
            )
        except ELFError as error:
            raise UsageError(f"{path} is no ELF file: {error}") from None


def closure(
    root: Path,
    programs: Mapping[str, Path],
    libraries: Iterable[str] = (),
    target: Target = X86_64,
) -> dict[str, Path]:
    """Guest path -> file of everything that `programs` load, loaders included, programs not.

    Args:
      root: a Debian root with merged /usr, where the libraries are looked for.
      programs: guest path, relative to the guest's root -> ELF file, which may lie outside the
        root; one may be a library of another.
      libraries: names of further libraries, which a program opens by itself.
      target: the architecture of them all.

    Raises:
      UsageError: a library is in none of the directories searched; the message says who needs it.
    """
    search = _Search(root, programs, target)
    waiting = [_Loaded(guest, file) for guest, file in programs.items()]
    for name in libraries:
        waiting.append(search.find(name, "the payload's `libraries`", ()))
    found = {each.guest: each.file for each in waiting if each.guest not in programs}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        loaded = waiting.pop()
        if (loaded.guest, loaded.rpath) in seen:
            continue
        seen.add((loaded.guest, loaded.rpath))
        wants = linkage(loaded.file, target)
        rpath = () if wants.runpath else (*search.expand(wants.rpath, loaded), *loaded.rpath)
        directories = (*rpath, *search.expand(wants.runpath, loaded))
        for name in wants.needed:
            library = search.find(name, str(loaded.file), directories)
            if library.guest not in programs:
                found[library.guest] = library.file
            waiting.append(_Loaded(library.guest, library.file, rpath))
        if wants.interpreter:
            found[wants.interpreter.lstrip("/")] = _loader(root, wants.interpreter, loaded.file)
    return found


class _Search:
    """Finds libraries among the programs' own files and in a root."""

    def __init__(self, root: Path, own: Mapping[str, Path], target: Target) -> None:
        self._root = root
        self._directories = target.directories
        self._own = own

    def expand(self, directories: Iterable[str], loaded: _Loaded) -> tuple[str, ...]:
        """Search directories as guest paths relative to the guest's root."""
        origin = "/" + posixpath.dirname(loaded.guest)
        expanded = []
        for directory in directories:
            for word in _ORIGIN:
                directory = directory.replace(word, origin)
            expanded.append(posixpath.normpath(directory).strip("/"))
        return tuple(expanded)

    def find(self, name: str, needed_by: str, directories: tuple[str, ...]) -> _Loaded:
        """The library `name` in the first directory that has it, then in the default ones."""
        searched = (*directories, *self._directories)
        for directory in searched:
            guest = f"{directory}/{name}"
            if guest in self._own:
                return _Loaded(guest, self._own[guest])
            for merged in (self._root / guest, self._root / "usr" / guest):
                if merged.is_file():
                    return _Loaded(guest, merged.resolve())
        raise UsageError(
            f"{needed_by} needs {name}, which is in none of {', '.join(searched)} of {self._root}; "
            f"link it statically, or add the library's package to the root"
        )


def _loader(root: Path, interpreter: str, program: Path) -> Path:
    loader = (root / "usr" / interpreter.lstrip("/")).resolve()
    if not loader.is_file():
        raise UsageError(
            f"{program} asks for the loader {interpreter}, which {root} lacks; build it for glibc, "
            f"or link it statically"
        )
    return loader


def _strings(dynamic: DynamicSection, kind: str) -> Iterable[str]:
    tags: Iterable[Any] = dynamic.iter_tags(f"DT_{kind.upper()}")
    # pyelftools names the attribute after the tag.
    return (str(getattr(tag, kind)) for tag in tags)


def _directories(dynamic: DynamicSection, kind: str) -> Iterable[str]:
    return (part for text in _strings(dynamic, kind) for part in text.split(":") if part)
