# SPDX-License-Identifier: Apache-2.0
"""Watches which blocks of code a run reaches, and makes lines of files of them.

Blocks are the kernel's and those of BPF programs, whose lines are read while the guest stands where
the kernel gives each its name, which is before it first runs.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ktstr.introspect.coverage.addresses import Addresses
from ktstr.introspect.coverage.blocks import blocks_of, jited_probe, naming_of
from ktstr.introspect.coverage.coverage import Coverage
from ktstr.introspect.coverage.files import files_of_kernel, files_of_programs
from ktstr.introspect.coverage.loader import UserProgram, file_of
from ktstr.introspect.coverage.object import CodeLine, lines_of_object
from ktstr.introspect.coverage.programs import LoadedProgram, loaded_at, place_of
from ktstr.introspect.kernel.errors import BtfError, KernelFileError, UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.plugin.part import Looked, Wanted
from ktstr.introspect.plugin.watch import Probe
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.introspect.snapshot.view import View
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.plan import Plan

# Bytes of records: about a million blocks.
_ROOM = 64 << 20
_KERNEL, _JITED, _PROGRAM, _USER = "kernel", "jited", "program", "user"
_PAGE_SHIFT = 12


@dataclass(frozen=True)
class Sources:
    """Where lines are had from.

    dwarf: of the kernel; None: none was built for this test.  objects: gives the schedulers' object
    files, of which the verifier may have left lines out.  loader: gives the scheduler's user space.
    """

    dwarf: Path | None = None
    objects: Callable[[], Iterable[bytes]] = tuple
    loader: Callable[[], UserProgram | None] = lambda: None


class CoverageLook:
    """The coverage of one guest."""

    def __init__(self, kernel: Kernel, sources: Sources) -> None:
        self._kernel, self._sources = kernel, sources
        self._loaded: list[tuple[range | None, LoadedProgram | None]] = []
        self._lacks: list[str] = []
        start, end = kernel.symbol("_text"), kernel.symbol("_etext")
        blocks = Probe(_KERNEL, start, end, blocks=True, yields=True)
        self._probes: tuple[Probe, ...] = (blocks, jited_probe(_JITED, kernel))
        self._spaces: set[int] = set()
        self._loader = self._find_loader()
        if self._loader is not None:
            code = self._loader.code
            self._probes += (Probe(_USER, code.start, code.stop, blocks=True, yields=True),)
        naming = naming_of(_PROGRAM, kernel)
        if isinstance(naming, str):
            self._lacks.append(f"no lines of BPF programs: {naming}")
            return
        self._register = naming.register
        self._probes += (naming.probe,)

    def _find_loader(self) -> UserProgram | None:
        try:
            return self._sources.loader()
        except (UsageError, InfraError) as error:
            self._lacks.append(str(error))
            return None

    @property
    def wanted(self) -> Wanted:
        """Its probes, and room for their records."""
        return Wanted(self._probes, hold=self.held, room=_ROOM, rows=True)

    def held(self, held: Held) -> None:
        """A program is about to be there; the guest stands, and goes on when this returns."""
        place, found = None, None
        # who loads a program is the scheduler's user space
        self._spaces.add(_space(held.registers["cr3"]))
        try:
            view = View(self._kernel, kernel_memory(self._kernel, memory_of(held.pid)))
            address = held.registers[self._register]
            place = place_of(view, address)
            found = loaded_at(view, address)
        except (InfraError, UnknownName, BtfError, ValueError, struct.error) as error:
            self._lacks.append(f"a BPF program's lines cannot be read: {error}")
        self._loaded.append((place, found))

    def made(self, looked: Looked) -> Coverage:
        """Lines and functions of all files, reached or not."""
        kernel: list[tuple[int, int]] = []
        user: list[tuple[int, int]] = []
        reached: dict[int, list[tuple[int, int]]] = {}
        places = [place for place, _ in self._loaded]
        for block in blocks_of(looked.rows, _PROGRAM, _JITED, places):
            stretch = (block.start, block.end)
            if block.probe == _KERNEL:
                kernel.append(stretch)
            elif block.probe == _USER and _space(block.space) in self._spaces:
                user.append(stretch)
            for number, _ in block.programs:
                reached.setdefault(number, []).append(stretch)
        programs = [
            (each, Addresses(reached.get(number, ())))
            for number, (_, each) in enumerate(self._loaded)
            if each is not None
        ]
        lacks = list(dict.fromkeys(self._lacks))
        subject = files_of_programs(programs, self._all_lines(lacks))
        files = files_of_kernel(self._kernel, Addresses(kernel), self._sources.dwarf, lacks)
        cut = any(count.hits > count.records for count in looked.probes.values())
        problem = "; ".join(filter(None, (looked.problem, _CUT * cut)))
        loader = () if self._loader is None else (file_of(self._loader, Addresses(user)),)
        return Coverage(subject, files, loader, problem, tuple(lacks))

    def _all_lines(self, lacks: list[str]) -> tuple[CodeLine, ...]:
        try:
            objects = self._sources.objects()
            return tuple(line for image in objects for line in lines_of_object(image))
        except (InfraError, KernelFileError) as error:
            lacks.append(f"lines that the verifier took away are not known: {error}")
            return ()


_CUT = "there was no room for all blocks: more was reached than is told"


def _space(cr3: int) -> int:
    """Page tables without what else the register holds."""
    return cr3 >> _PAGE_SHIFT


class CoveragePart:
    """Who watches."""

    name = "coverage"

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> CoverageLook:
        """The coverage in a guest with this kernel."""
        return CoverageLook(kernel, self._sources)

    def without(self, why: str) -> Coverage:
        """No coverage, and why."""
        return Coverage(problem=why)
