# SPDX-License-Identifier: Apache-2.0
"""Blocks that ran, as lines and functions of files."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.introspect.coverage.addresses import Addresses
from ktstr.introspect.coverage.coverage import FileCoverage, Function, merged
from ktstr.introspect.coverage.lines import Row, rows_of
from ktstr.introspect.coverage.object import CodeLine
from ktstr.introspect.coverage.programs import LoadedProgram
from ktstr.introspect.kernel.errors import KernelFileError
from ktstr.introspect.kernel.kernel import Kernel

# rules/private/build/include_path.bzl has it, too
_SOURCES = "/src/"
# what the kernel's scheduler is, in the kernel's tree
SCHED = "kernel/sched/"
NO_DWARF = (
    "no lines of the kernel: no DWARF came with this test; ask by --@ktstr//rules:coverage or "
    "coverage = True, of a kernel_image"
)


def files_of_programs(
    programs: Sequence[tuple[LoadedProgram, Addresses]], known: Iterable[CodeLine]
) -> tuple[FileCoverage, ...]:
    """Files of the schedulers' programs: of each object file that has callbacks of sched_ext.

    known: lines of the object files, with those that were taken away before a program was loaded.
    """
    subjects = {each.types for each, _ in programs if each.is_struct_ops}
    counted = [(line, 0) for line in known]
    for each, reached in programs:
        if each.types in subjects:
            counted += [
                (one.line, int(reached.touch(one.start, one.end))) for one in each.stretches
            ]
    found = [FileCoverage(_source(line.path), {line.line: count}) for line, count in counted]
    of_function: dict[str, list[tuple[CodeLine, int]]] = {}
    for line, count in counted:
        of_function.setdefault(line.function, []).append((line, count))
    found += [_function(name, lines) for name, lines in of_function.items()]
    # a run counts once, however many instructions a line has
    return tuple(_once(each) for each in merged(found))


def files_of_kernel(
    kernel: Kernel, reached: Addresses, dwarf: Path | None, lacks: list[str]
) -> tuple[FileCoverage, ...]:
    """Files below kernel/sched; what there is not is added to `lacks`."""
    if dwarf is None:
        lacks.append(NO_DWARF)
        return ()
    try:
        table = _table(kernel, dwarf)
    except KernelFileError as error:
        lacks.append(f"no lines of the kernel: {error}")
        return ()
    lines: dict[str, dict[int, int]] = {}
    functions: dict[str, dict[str, Function]] = {}
    for row in table.rows:
        counts = lines.setdefault(row.path, {})
        if not counts.get(row.line):
            counts[row.line] = int(reached.touch(row.address, row.end))
    for name, row in table.functions:
        count = int(reached.touch(row.address, row.address + 1))
        functions.setdefault(row.path, {})[name] = Function(name, row.line, count)
    return tuple(FileCoverage(path, lines[path], functions.get(path, {})) for path in sorted(lines))


@dataclass(frozen=True)
class _Table:
    """Of kernel/sched: the rows of its files, and the row that each function begins with."""

    rows: tuple[Row, ...]
    functions: tuple[tuple[str, Row], ...]


@functools.lru_cache(maxsize=1)
def _table(kernel: Kernel, dwarf: Path) -> _Table:
    """A target's tests have one kernel, whose lines are read once.

    Raises:
        KernelFileError: see `rows_of`.
    """
    rows = tuple(
        replace(row, path=row.path[row.path.index(SCHED) :])
        for row in rows_of(dwarf, lambda path: SCHED in path)
        if SCHED in row.path
    )
    begins = {row.address: row for row in rows}
    functions = []
    for symbol in map(kernel.symbols.__getitem__, kernel.symbols.defined()):
        row = begins.get(symbol.address)
        if row is not None and symbol.is_function:
            functions.append((symbol.name, row))
    return _Table(rows, tuple(functions))


def _function(name: str, lines: Sequence[tuple[CodeLine, int]]) -> FileCoverage:
    """A function is of the source that it has lines of, rather than of a header."""
    paths = [line.path for line, _ in lines]
    path = next((each for each in paths if not each.endswith(".h")), paths[0])
    begins = min(line.line for line, _ in lines if line.path == path)
    function = Function(name, begins, max(count for _, count in lines))
    return FileCoverage(_source(path), functions={name: function})


def _source(path: str) -> str:
    """As the repository has it: BPF C of ours is compiled below one folder."""
    return path.removeprefix(_SOURCES)


def _once(file: FileCoverage) -> FileCoverage:
    lines = {line: min(count, 1) for line, count in file.lines.items()}
    functions = {
        name: Function(name, one.line, min(one.count, 1)) for name, one in file.functions.items()
    }
    return FileCoverage(file.path, lines, functions)
