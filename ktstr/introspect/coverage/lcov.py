# SPDX-License-Identifier: Apache-2.0
"""Coverage as lcov's tracefiles have it (geninfo(1)): read, and written in one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ktstr.introspect.coverage.coverage import FileCoverage, Function
from ktstr.model.errors import UsageError

_END = "end_of_record"


def text_of(test: str, files: Iterable[FileCoverage]) -> str:
    """A tracefile; the same coverage, the same bytes.

    test: letters, digits and `_`, as lcov wants its names; others become `_`.
    """
    name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in test)
    return "".join(f"{line}\n" for each in files for line in (f"TN:{name}", *_record(each)))


def files_of(text: str, where: str) -> tuple[FileCoverage, ...]:
    """The files of a tracefile, in its order; what is none of ours (branches) is passed over.

    Raises:
        UsageError: it is no tracefile, or cut; the message names `where` and the line.
    """
    found: list[FileCoverage] = []
    path, lines, functions = "", dict[int, int](), dict[str, Function]()
    is_open = False
    for number, line in enumerate(text.splitlines(), 1):
        tag, _, rest = line.partition(":")
        try:
            if tag == "SF":
                path, lines, functions = rest, {}, {}
                is_open = True
            elif tag == "DA":
                at, count, *_ = rest.split(",")
                lines[int(at)] = lines.get(int(at), 0) + int(count)
            elif tag == "FN":
                at, *_, name = rest.split(",")
                functions[name] = Function(name, int(at), 0)
            elif tag == "FNDA":
                count, _, name = rest.partition(",")
                known = functions.get(name, Function(name, 0, 0))
                functions[name] = Function(name, known.line, known.count + int(count))
            elif line == _END:
                found.append(FileCoverage(path, lines, functions))
                is_open = False
        except ValueError as error:
            raise UsageError(f"{where}, line {number}: {line!r} is none of lcov's") from error
    if is_open:
        raise UsageError(f"{where}: it is cut: the record of {path} has no {_END}")
    return tuple(found)


def _record(file: FileCoverage) -> Iterator[str]:
    yield f"SF:{file.path}"
    functions = sorted(file.functions.values(), key=lambda one: (one.line, one.name))
    for one in functions:
        yield f"FN:{one.line},{one.name}"
    for one in functions:
        yield f"FNDA:{one.count},{one.name}"
    yield f"FNF:{len(functions)}"
    yield f"FNH:{sum(one.count > 0 for one in functions)}"
    for line in sorted(file.lines):
        yield f"DA:{line},{file.lines[line]}"
    yield f"LF:{len(file.lines)}"
    yield f"LH:{file.reached_lines}"
    yield _END
