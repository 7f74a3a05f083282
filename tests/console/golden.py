# SPDX-License-Identifier: Apache-2.0
"""Golden consoles, one a file, each with what the classifier must find in it as its header.

A header is lines that begin with "# " (what the case is about) or "FIND " (a finding: its kind, the
line of the log below, and its title), up to the first empty line.  The log follows.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ktstr.console.classify import classify

_FOLDER = Path("tests/console/golden")
_ABOUT, _FIND = "# ", "FIND "


@dataclass(frozen=True)
class Case:
    """One golden console: what it is about, the findings that its header asks for, and the log."""

    about: tuple[str, ...]
    expected: tuple[str, ...]
    log: str

    @classmethod
    def read(cls, path: Path) -> Case:
        """The case in a file.

        Raises:
          ValueError: a line of the header is neither a remark nor a finding.
        """
        # bytes: carriage returns are part of a log
        header, _, log = path.read_bytes().decode().partition("\n\n")
        lines = header.split("\n")
        other = [line for line in lines if not line.startswith((_ABOUT, _FIND))]
        if other:
            raise ValueError(f"{path}: {other[0]!r} is no line of a header")
        about = tuple(line for line in lines if line.startswith(_ABOUT))
        return cls(about, tuple(line for line in lines if line.startswith(_FIND)), log)

    def found(self) -> tuple[str, ...]:
        """What the classifier finds, as a header has it."""
        return tuple(
            f"{_FIND}{each.kind.value} {each.line_number} {each.text}"
            for each in classify(self.log)
        )

    def text(self) -> str:
        """The file with what is found now as its expectation."""
        return "\n".join((*self.about, *self.found())) + "\n\n" + self.log


def paths(root: Path = Path()) -> list[Path]:
    """All cases below a workspace."""
    return sorted((root / _FOLDER).glob("*.log"))


def main() -> int:
    """Rewrites the expectations that differ, in the workspace that `bazel run` was called in."""
    for path in paths(Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))):
        case = Case.read(path)
        if case.found() != case.expected:
            path.write_bytes(case.text().encode())
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
