# SPDX-License-Identifier: Apache-2.0
"""What code the tests reached, together: files, and the functions that no test reaches.

PLACE is a folder with coverage.info of tests, plain or in an outputs.zip; default: bazel-testlogs.
Tests leave it where it is asked for: --@ktstr//rules:coverage, or coverage = True. --output writes
all of it as one tracefile for lcov and genhtml.

Exit codes: 0 every function of the schedulers was reached, 1 some were not, 2 there is no coverage
of any, 3 error.
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ktstr.command.context import Context, table
from ktstr.history.places import DAMAGE
from ktstr.introspect.coverage.coverage import FileCoverage, merged
from ktstr.introspect.coverage.lcov import files_of, text_of
from ktstr.model.errors import InfraError, UsageError

HELP = "code that tests reached, and functions that none does"

_MISSED, _NO_DATA = 1, 2
_FILE, _ARCHIVE = "coverage.info", "outputs.zip"
_WHY = "`coverage` in result.json of each test says why (problem, lacks)"
_KERNEL, _USER = "kernel/sched/", "user/"


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("place", nargs="?", metavar="PLACE", help="a folder of tests' outputs")
    parser.add_argument("--output", metavar="FILE", help="write one tracefile of all")
    parser.add_argument(
        "--all",
        action="store_true",
        help="name those of kernel/sched, and of user space, that none reaches, too",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Shows what is there.

    Raises:
        UsageError: the place is none, or a file is no tracefile.
        InfraError: a file cannot be read, or the output not written.
    """
    place = context.path(options.place) if options.place else context.workspace / "bazel-testlogs"
    if not place.is_dir():
        raise UsageError(f"{place} is no folder: name one of tests' outputs, or run tests first")
    texts = list(_texts(place))
    files = merged(each for where, text in texts for each in files_of(text, where))
    if not files:
        if options.json:
            context.answer([])
        context.tell(f"no {_FILE} in {place} or below: ask tests by --@ktstr//rules:coverage")
        return _NO_DATA
    if options.output:
        _write(context.path(options.output), text_of("all", files))
    subject = [each for each in files if not each.path.startswith((_KERNEL, _USER))]
    if options.json:
        context.answer([_data(each) for each in files])
    else:
        context.say(f"of {len(texts)} tests", "")
        others = [each for each in files if each.path.startswith((_KERNEL, _USER))]
        context.say(*_report(subject, others, options.all))
    if not any(each.functions for each in subject):
        context.tell(f"of no scheduler's programs anything is told; {_WHY}")
        return _NO_DATA
    return _MISSED if any(each.missed for each in subject) else 0


def _texts(place: Path) -> Iterator[tuple[str, str]]:
    """Each tracefile, and where it is; of a target's own archive and its files, the files."""
    plain = sorted(place.rglob(_FILE))
    yield from ((str(path), _text(path)) for path in plain)
    for path in sorted(place.rglob(_ARCHIVE)):
        if any(path.parent in each.parents for each in plain):
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                for name in sorted(archive.namelist()):
                    if name.rpartition("/")[2] == _FILE:
                        yield f"{path}:{name}", archive.read(name).decode("utf-8", "replace")
        except DAMAGE as error:
            raise UsageError(f"{path} is no archive, or is damaged: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise InfraError(f"{path} cannot be read: {error.strerror}") from error


def _report(
    subject: Sequence[FileCoverage], others: Sequence[FileCoverage], named: bool
) -> Iterator[str]:
    yield from table([("file", "lines", "functions"), *map(_row, (*subject, *others))])
    for each in subject:
        yield from _missed(each)
    for each in others if named else ():
        yield from _missed(each)
    left = sum(len(each.missed) for each in others)
    if left and not named:
        yield ""
        yield f"of kernel/sched and user space: {left} functions; --all names them"


def _missed(file: FileCoverage) -> Iterator[str]:
    if file.missed:
        yield ""
        yield f"no test reaches, of {file.path}:"
        for name in file.missed:
            line = file.functions[name].line
            yield f"  {name}, line {line}" if line else f"  {name}"


def _row(file: FileCoverage) -> tuple[str, str, str]:
    functions = len(file.functions)
    return (
        file.path,
        _part(file.reached_lines, len(file.lines)),
        _part(functions - len(file.missed), functions),
    )


def _part(reached: int, count: int) -> str:
    return f"{reached} of {count} ({100 * reached / count:.0f}%)" if count else "-"


def _data(file: FileCoverage) -> dict[str, object]:
    return {
        "path": file.path,
        "lines": len(file.lines),
        "lines_reached": file.reached_lines,
        "functions": len(file.functions),
        "missed": list(file.missed),
    }


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InfraError(f"{path} cannot be written: {error.strerror}") from error
