# SPDX-License-Identifier: Apache-2.0
"""Golden consoles: logs of real guests, and what the classifier is to find in each."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ktstr.console.classify import classify

_FOLDER = Path("tests/golden/console")


def found_in(log: Path) -> str:
    """The findings of one log as the text of its .json file, excerpts by size and last line."""
    findings = [
        {
            "kind": str(each.kind),
            "line_number": each.line_number,
            "text": each.text,
            "excerpt_lines": each.excerpt.count("\n") + 1,
            "excerpt_ends": each.excerpt.rpartition("\n")[2],
        }
        for each in classify(log.read_text())
    ]
    return json.dumps(findings, indent=2) + "\n"


def logs(root: Path = Path()) -> list[Path]:
    """All golden logs below a workspace."""
    return sorted((root / _FOLDER).glob("*.log"))


def main() -> int:
    """Rewrites the expectations in the workspace that `bazel run` was called in."""
    for log in logs(Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])):
        log.with_suffix(".json").write_text(found_in(log))
        print(log.with_suffix(".json"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
