# SPDX-License-Identifier: Apache-2.0
"""Finds in a kernel's console what a healthy run does not show."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ktstr.console.findings import NO_FAULT, ConsoleFinding, ConsoleKind
from ktstr.console.reports.pattern import Pattern
from ktstr.console.reports.table import PATTERNS

# printk's prefix (print_prefix of kernel/printk/printk.c): the level, where it is printed, seconds
# since boot as "[%5lu.%06lu]", and with CONFIG_PRINTK_CALLER a task or a CPU.
_STAMP = re.compile(r"(?:<\d{1,3}>)?\[(?=[ \d]{5,}\.) *\d+\.\d{6}\](?:\[ *[TC]\d+\])?(?: |$)")
_MAX_EXCERPT_LINES = 60
# CUT_HERE of include/asm-generic/bug.h, and how far behind it a report begins at most.
_CUT_HERE = re.compile(r"-{12}\[ cut here \]-{12}")
_MOST_WORDS = 5
# Consequences of something earlier far more often than causes.
_MINOR = NO_FAULT | {ConsoleKind.WARNING}


@dataclass(frozen=True)
class _Message:
    """One message on the console. `line`: of the file, from 1; several messages may share one."""

    line: int
    text: str
    by_kernel: bool


def classify(console: str, *, stamped: bool = False) -> tuple[ConsoleFinding, ...]:
    """All reports in the text of a console, in their order.

    A time stamp of the kernel's begins a message wherever on a line it stands: what is before it
    was written by a program that had not finished its line.  Where the console has any time
    stamp, or the caller knows that the kernel writes them (`stamped`), only messages that have one
    can begin a report: what programs print to the console is none.
    """
    messages = _messages(console, stamped)
    findings = []
    index = done = 0
    while index < len(messages):
        pattern = _pattern_of(messages[index])
        if pattern is None:
            index += 1
            continue
        end = _end_of(messages, index, pattern)
        words = messages[_begin_of(messages, index, done) : index]
        findings.append(_finding(words, messages[index:end], pattern))
        index = done = end
    return tuple(findings)


def first_cause(findings: Sequence[ConsoleFinding]) -> ConsoleFinding | None:
    """The report that the others most likely follow from: the first that is no mere warning."""
    major = (each for each in findings if each.kind not in _MINOR)
    return next(major, findings[0] if findings else None)


def _messages(console: str, stamped: bool) -> list[_Message]:
    raw = console.replace("\r", "").split("\n")
    stamped = stamped or any(_STAMP.search(line) for line in raw)
    messages = []
    for number, line in enumerate(raw, start=1):
        begins = list(_STAMP.finditer(line))
        if not begins or begins[0].start():
            before = line[: begins[0].start()] if begins else line
            messages.append(_Message(number, before.rstrip(), not stamped))
        for stamp, following in itertools.zip_longest(begins, begins[1:]):
            text = line[stamp.end() : following.start() if following else None]
            messages.append(_Message(number, text.rstrip(), True))
    return messages


def _pattern_of(message: _Message) -> Pattern | None:
    if not message.by_kernel:
        return None
    return next((each for each in PATTERNS if each.starts.match(message.text)), None)


def _begin_of(messages: Sequence[_Message], start: int, done: int) -> int:
    """The index of the first of WARN()'s own words, which the kernel prints before its report.

    done: the end of the report before.
    """
    for index in range(start - 1, max(start - _MOST_WORDS, done) - 1, -1):
        if messages[index].by_kernel and _CUT_HERE.match(messages[index].text):
            return index + 1
    return start


def _end_of(messages: Sequence[_Message], start: int, pattern: Pattern) -> int:
    """The index after the last message of the report that begins at `start`.

    What programs print meanwhile ends no report.
    """
    if pattern.ends is not None and pattern.ends.match(messages[start].text):
        return start + 1
    last = start
    for index in range(start + 1, min(len(messages), start + _MAX_EXCERPT_LINES)):
        message = messages[index]
        if not message.by_kernel:
            continue
        other = _pattern_of(message)
        if other is not None and other.kind not in pattern.absorbs:
            break
        if pattern.ends is not None and pattern.ends.match(message.text):
            return index + 1
        if pattern.ends is None and other is None and not pattern.continues.match(message.text):
            break
        last = index
    return last + 1


def _finding(
    words: Sequence[_Message], found: Sequence[_Message], pattern: Pattern
) -> ConsoleFinding:
    report = [message for message in found if message.by_kernel]
    shown = [message for message in words if message.by_kernel] + report
    headline = report[0]
    if pattern.headline is not None:
        headline = next((each for each in report if pattern.headline.match(each.text)), headline)
    excerpt = "\n".join(message.text for message in shown).rstrip()
    return ConsoleFinding(pattern.kind, report[0].line, headline.text, excerpt)
