# SPDX-License-Identifier: Apache-2.0
"""Finds in a kernel's console what a healthy run does not show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.model.console import ConsoleFinding, ConsoleKind
from ktstr.vm.patterns import CONTINUES, PATTERNS, Pattern

# printk's prefix: seconds since boot, and with CONFIG_PRINTK_CALLER a task or a CPU.
_STAMP = re.compile(r"\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
_MAX_EXCERPT_LINES = 60
# Consequences of something earlier far more often than causes.
_MINOR = frozenset({ConsoleKind.WARNING})


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    by_kernel: bool


def classify(console: str) -> tuple[ConsoleFinding, ...]:
    """All reports in the text of a console, in their order.

    Where any line carries the kernel's time stamp, only lines that do can begin a report: what
    programs print to the console is none.
    """
    lines = _lines(console)
    findings = []
    index = 0
    while index < len(lines):
        pattern = _pattern_of(lines[index])
        if pattern is None:
            index += 1
            continue
        end = _end_of(lines, index, pattern)
        findings.append(_finding(lines[index:end], pattern))
        index = end
    return tuple(findings)


def first_cause(findings: Sequence[ConsoleFinding]) -> ConsoleFinding | None:
    """The report that the others most likely follow from: the first that is no mere warning."""
    major = (each for each in findings if each.kind not in _MINOR)
    return next(major, findings[0] if findings else None)


def _lines(console: str) -> list[_Line]:
    raw = console.replace("\r", "").split("\n")
    stamped = any(_STAMP.match(line) for line in raw)
    lines = []
    for number, line in enumerate(raw, start=1):
        match = _STAMP.match(line)
        text = line[match.end() :] if match else line
        lines.append(_Line(number, text.rstrip(), match is not None or not stamped))
    return lines


def _pattern_of(line: _Line) -> Pattern | None:
    if not line.by_kernel:
        return None
    return next((each for each in PATTERNS if each.starts.match(line.text)), None)


def _end_of(lines: Sequence[_Line], start: int, pattern: Pattern) -> int:
    """The index after the last line of the report that begins at `start`."""
    if pattern.ends is not None and pattern.ends.match(lines[start].text):
        return start + 1
    limit = min(len(lines), start + _MAX_EXCERPT_LINES)
    for index in range(start + 1, limit):
        line = lines[index]
        other = _pattern_of(line)
        if other is not None and other.kind not in pattern.absorbs:
            return index
        if pattern.ends is not None and pattern.ends.match(line.text):
            return index + 1
        if pattern.ends is None and other is None and not CONTINUES.match(line.text):
            return index
    return limit


def _finding(report: Sequence[_Line], pattern: Pattern) -> ConsoleFinding:
    headline = report[0]
    if pattern.headline is not None:
        headline = next((line for line in report if pattern.headline.match(line.text)), headline)
    excerpt = "\n".join(line.text for line in report).rstrip()
    return ConsoleFinding(pattern.kind, report[0].number, headline.text, excerpt)
