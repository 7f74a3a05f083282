# SPDX-License-Identifier: Apache-2.0
"""Code that was reached and code that was not, by files, lines and functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Function:
    """line: where it begins; 0 where no line information has it.  count: runs that reached it."""

    name: str
    line: int
    count: int


@dataclass(frozen=True)
class FileCoverage:
    """Of one file, or of a program without line information.

    path: as the line information has it.  lines: how many runs reached each that has code.
    functions: by their names.
    """

    path: str
    lines: Mapping[int, int] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)

    @property
    def reached_lines(self) -> int:
        """How many lines any run reached."""
        return sum(count > 0 for count in self.lines.values())

    @property
    def missed(self) -> tuple[str, ...]:
        """The functions that no run reached, in the order of the file."""
        found = [each for each in self.functions.values() if not each.count]
        return tuple(each.name for each in sorted(found, key=lambda one: (one.line, one.name)))


@dataclass(frozen=True)
class Coverage:
    """Of one run.

    Attributes:
      subject: files of the scheduler's BPF programs.
      kernel: files of the kernel's scheduler.
      loader: programs of the schedulers' user space.
      problem: why there is nothing, or less; empty where all is well.
      lacks: what could not be told, in words.
    """

    subject: tuple[FileCoverage, ...] = ()
    kernel: tuple[FileCoverage, ...] = ()
    loader: tuple[FileCoverage, ...] = ()
    problem: str = ""
    lacks: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[FileCoverage, ...]:
        """All of them."""
        return (*self.subject, *self.kernel, *self.loader)


def merged(files: Iterable[FileCoverage]) -> tuple[FileCoverage, ...]:
    """Those of one path as one, in the order of their paths; counts add up."""
    lines: dict[str, dict[int, int]] = {}
    functions: dict[str, dict[str, Function]] = {}
    for each in files:
        counts = lines.setdefault(each.path, {})
        for line, count in each.lines.items():
            counts[line] = counts.get(line, 0) + count
        known = functions.setdefault(each.path, {})
        for name, one in each.functions.items():
            other = known.get(name, Function(name, one.line, 0))
            known[name] = Function(name, other.line or one.line, other.count + one.count)
    return tuple(FileCoverage(path, lines[path], functions[path]) for path in sorted(lines))
