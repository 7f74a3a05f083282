# SPDX-License-Identifier: Apache-2.0
"""Puts lcov's tracefiles together, as `bazel coverage` asks twice: of each test, and of all tests.

Bazel's own programs for it are Java, which it fetches. Of a test that brings no tracefile itself it
gives the directory with what that left (tools/test/collect_coverage.sh of Bazel 7), of all tests a
file with paths of tracefiles.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ktstr.introspect.coverage.coverage import merged
from ktstr.introspect.coverage.lcov import files_of, text_of
from ktstr.model.errors import UsageError

_SUFFIX = ".dat"


def main(arguments: Sequence[str]) -> int:
    """Writes --output_file; what else Bazel says is of no interest."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--output_file", type=Path, required=True)
    parser.add_argument("--coverage_dir", type=Path)
    parser.add_argument("--reports_file", type=Path)
    options, _ = parser.parse_known_args(arguments)
    paths = _paths(options.coverage_dir, options.reports_file)
    paths = [path for path in paths if path.is_file() and path != options.output_file]
    try:
        found = [each for path in paths for each in files_of(_text(path), str(path))]
    except UsageError as error:
        print(error, file=sys.stderr)
        return 1
    options.output_file.write_text(text_of("", merged(found)), "utf-8")
    return 0


def _paths(folder: Path | None, reports: Path | None) -> list[Path]:
    if reports is not None:
        return [Path(line) for line in reports.read_text("utf-8").splitlines() if line]
    return sorted(folder.rglob(f"*{_SUFFIX}")) if folder is not None else []


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
