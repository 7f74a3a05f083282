# SPDX-License-Identifier: Apache-2.0
"""The lines of source code that a result is about, for reviews and code scanning."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ktstr.report.logs import log_text
from ktstr.result import result_pb2

# A file of the workspace by its path, or None where there is none.
Read = Callable[[str], str | None]

# The verifier on a line of C: `; text @ file:line` (kernel/bpf/verifier.c, verbose_linfo; 6.12).
_VERIFIED = re.compile(r"^; .* @ ([\w.+-]+):(\d+)", re.MULTILINE)
_TRACEBACK = re.compile(r'File "([^"\n]+)", line (\d+)')
# Of WARN, BUG and lockdep: `... at kernel/sched/ext.c:123`.
_KERNEL = re.compile(r"\b((?:[\w-]+/)+[\w-]+\.[chS]):(\d+)\b")
_FUNCTION = re.compile(r"\w+")


@dataclass(frozen=True)
class SourceLine:
    """file: below the workspace, of the kernel's below its sources.  line: from 1."""

    file: str
    line: int


def own_line(result: result_pb2.Result, read: Read) -> SourceLine | None:
    """The line of the workspace that says most of a failure; None: no file of it is there.

    The line of C that the verifier refused, else the test's in a traceback, else where the test
    begins.
    """
    return next(_own_lines(result, read), None)


def kernel_lines(result: result_pb2.Result) -> list[SourceLine]:
    """The lines of the kernel that its log names, in their order."""
    texts = (finding.text for finding in result.console.findings)
    found = (
        SourceLine(match[1], int(match[2])) for text in texts for match in _KERNEL.finditer(text)
    )
    return list(dict.fromkeys(found))


def _own_lines(result: result_pb2.Result, read: Read) -> Iterator[SourceLine]:
    source = result.identity.source
    kinds = {detail.kind for detail in result.details}
    if result_pb2.SCHEDULER_NOT_LOADED in kinds:
        package = result.identity.scheduler.label.partition("//")[2].partition(":")[0]
        for name, line in reversed(_VERIFIED.findall(log_text(result, "scheduler"))):
            file = f"{package}/{name}" if package else name
            if _has(read(file), int(line)):
                yield SourceLine(file, int(line))
    text = read(source) if source else None
    if text is None:
        return
    if result_pb2.TEST_ERROR in kinds:
        told = "\n".join([*(each.message for each in result.details), log_text(result, "test")])
        for file, line in reversed(_TRACEBACK.findall(told)):
            same = file.rpartition("/")[2] == source.rpartition("/")[2]
            if same and _has(text, int(line)):
                yield SourceLine(source, int(line))
    yield SourceLine(source, _line_of(text, result.identity.test))


def _has(text: str | None, line: int) -> bool:
    """Whether a file is there and so long: a line of a result may be of an older file."""
    return text is not None and 0 < line <= text.count("\n") + 1


def _line_of(text: str, test: str) -> int:
    """Where a test's function begins; 1 where that is not to be seen."""
    name = _FUNCTION.match(test)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return 1
    for node in tree.body:
        if name and isinstance(node, ast.FunctionDef) and node.name == name[0]:
            return node.lineno
    return 1
