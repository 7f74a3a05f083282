# SPDX-License-Identifier: Apache-2.0
"""Judges saved runs again: tools/bazel run //tools/rejudge -- [--into DIRECTORY] FOLDER

FOLDER is a test's folder with result.pb and frames.bin, or any above such folders, e.g.
bazel-testlogs. Each result that comes out otherwise than it was saved is told of. --into writes
result.pb, result.json and report.txt as they are made today, below DIRECTORY as below FOLDER.

Exit codes: 0 every result is the same, 1 one differs, 3 one could not be read or judged.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ktstr.model.errors import InfraError, UsageError
from ktstr.report.files import files_of
from ktstr.report.text import headline
from ktstr.result.characters import one_line
from tools.rejudge.rejudge import Rejudged, rejudge

_SAME, _DIFFERS, _ERROR = 0, 1, 3


def main(arguments: Sequence[str]) -> int:
    """Prints what differs and a summary; returns the exit code."""
    parser = argparse.ArgumentParser(prog="rejudge", description="Judges saved runs again.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--into", type=Path, metavar="DIRECTORY")
    options = parser.parse_args(arguments)
    here = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    top = here / options.folder
    into = here / options.into if options.into is not None else None
    if into is not None and into.resolve().is_relative_to(top.resolve()):
        print(
            f"rejudge: --into {into} lies in {top}, whose results are what is compared with: name "
            f"another folder",
            file=sys.stderr,
        )
        return _ERROR
    counts = dict.fromkeys(("same", "different", "not judged", "errors"), 0)
    try:
        for folder in folders(top):
            counts[_one(folder, into and into / folder.relative_to(top))] += 1
    except UsageError as error:
        print(f"rejudge: {error}", file=sys.stderr)
        return _ERROR
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    if counts["errors"]:
        return _ERROR
    return _DIFFERS if counts["different"] else _SAME


def folders(top: Path) -> Iterator[Path]:
    """Every folder with a result at or below `top`, in the order of their paths.

    Raises:
        UsageError: there is none.
    """
    found = sorted(path.parent for path in top.rglob("result.pb"))
    if not found:
        raise UsageError(
            f"no result.pb in {top} or below: name a test's folder among its outputs, or one above "
            f"such; an outputs.zip is to be unpacked first"
        )
    yield from found


def _one(folder: Path, into: Path | None) -> str:
    try:
        found = rejudge(folder)
        if found is None:
            return "not judged"
        if into is not None:
            _write(found, into)
    except UsageError as error:
        print(one_line(str(error)))
        return "errors"
    except InfraError as error:
        print(one_line(f"{folder}: {error}"))
        return "errors"
    if found.is_same:
        return "same"
    print(one_line(f"{folder}: {', '.join(found.parts)} differ"))
    print(f"  was: {headline(found.before)}\n  is:  {headline(found.after)}")
    return "different"


def _write(found: Rejudged, into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, content in files_of(found.after).items():
            (into / name).write_bytes(content)
    except OSError as error:
        raise InfraError(f"cannot write below {into}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
