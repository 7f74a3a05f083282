# SPDX-License-Identifier: Apache-2.0
"""What all commands ask: where we are, and how they answer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ktstr.result.characters import one_line

_MODULE = ("MODULE.bazel", "WORKSPACE", "WORKSPACE.bazel")
_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1"}
# Lines of one kind.
_TOLD = 10


@dataclass(frozen=True)
class Context:
    """Of one command.

    here: where the user stands, whom Bazel may have taken elsewhere. out and err: what is answered,
    and what is told beside it.
    """

    here: Path
    environ: Mapping[str, str]
    out: TextIO
    err: TextIO

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Context:
        """Of this process."""
        here = Path(environ.get("BUILD_WORKING_DIRECTORY") or os.getcwd())
        return cls(here, environ, sys.stdout, sys.stderr)

    def path(self, given: str | Path) -> Path:
        """A path as the user's shell has it."""
        return self.here / Path(given).expanduser()

    @property
    def workspace(self) -> Path:
        """The top of the Bazel workspace that we stand in; else where we stand."""
        for folder in (self.here, *self.here.parents):
            if any((folder / name).is_file() for name in _MODULE):
                return folder
        return self.here

    def say(self, *lines: str) -> None:
        """Answers with lines."""
        for line in lines:
            print(line, file=self.out)

    def tell(self, *lines: str) -> None:
        """Tells what is no answer: what was left out, what goes on."""
        for line in lines:
            print(f"ktstr: {one_line(line)}", file=self.err)

    def tell_some(self, lines: Sequence[str]) -> None:
        """Tells the first lines of what may be thousands, and how many more there are."""
        self.tell(*lines[:_TOLD])
        if len(lines) > _TOLD:
            self.tell(f"... and {len(lines) - _TOLD} more that could not be taken")

    def answer(self, data: Any) -> None:
        """Answers with JSON; all but ASCII is escaped, so a terminal sees nothing else."""
        print(json.dumps(data, indent=1, allow_nan=False, default=str), file=self.out)

    def painted(self, text: str, colour: str) -> str:
        """`text` in a colour, where the answer goes to a terminal and NO_COLOR is not set."""
        if not self._is_terminal(self.out) or self.environ.get("NO_COLOR"):
            return text
        return f"\033[{_COLOURS[colour]}m{text}\033[0m"

    def progress(self, what: str, done: int, of: int) -> None:
        """Shows how far long work is, on a terminal, and takes it away at the end."""
        if not self._is_terminal(self.err):
            return
        end = "\r\033[K" if done >= of else ""
        print(f"\r{what} {done} of {of}{end}", end="", file=self.err, flush=True)

    def _is_terminal(self, stream: TextIO) -> bool:
        return stream.isatty() and self.environ.get("TERM") != "dumb"


def table(rows: Iterable[Iterable[object]]) -> list[str]:
    """Lines of columns, the first row on top; all of it on printable lines."""
    cells = [[one_line(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
