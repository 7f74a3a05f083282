# SPDX-License-Identifier: Apache-2.0
"""Judges saved runs again, with today's judge, and tells what comes out otherwise.

FOLDER is a test's folder with result.pb and frames.bin, or any above such folders, e.g.
bazel-testlogs. --into writes result.pb, result.json and report.txt as they are made today, below
DIRECTORY as below FOLDER.

Exit codes: 0 every result is the same, 1 one differs, 3 one could not be read or judged.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ktstr.command.context import Context
from ktstr.model.errors import InfraError, UsageError
from ktstr.report.files import files_of
from ktstr.report.text import headline
from ktstr.result.characters import one_line

if TYPE_CHECKING:
    from ktstr.rejudge.rejudge import Rejudged

HELP = "judge saved runs again"

_SAME, _DIFFERS, _ERROR = 0, 1, 3


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("folder", metavar="FOLDER", help="with saved runs, at or below it")
    parser.add_argument("--into", metavar="DIRECTORY", help="write what is made today")


def run(options: argparse.Namespace, context: Context) -> int:
    """Judges each, and tells what differs.

    Raises:
        UsageError: there is nothing to judge, or --into lies in what is compared with.
    """
    top = context.path(options.folder)
    into = context.path(options.into) if options.into is not None else None
    if into is not None and into.resolve().is_relative_to(top.resolve()):
        raise UsageError(
            f"--into {into} lies in {top}, whose results are what is compared with: name another "
            f"folder"
        )
    counts = dict.fromkeys(("same", "different", "not judged", "errors"), 0)
    told: list[_Told] = []
    for folder in folders(top):
        each = _one(folder, into and into / folder.relative_to(top))
        counts[each.became] += 1
        if each.lines:
            told.append(each)
            if not options.json:
                context.say(*each.lines)
    if options.json:
        context.answer({"counts": counts, "results": [vars(each) for each in told]})
    else:
        context.say(", ".join(f"{count} {what}" for what, count in counts.items()))
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


@dataclass(frozen=True)
class _Told:
    """What became of one folder, one of the counts; what is to be said of it, empty if nothing."""

    folder: str
    became: str
    lines: tuple[str, ...] = ()


def _one(folder: Path, into: Path | None) -> _Told:
    from ktstr.rejudge.rejudge import rejudge  # late: the judge is half of all that there is

    def told(became: str, *lines: str) -> _Told:
        return _Told(str(folder), became, lines)

    try:
        found = rejudge(folder)
        if found is None:
            return told("not judged")
        if into is not None:
            _write(found, into)
    except UsageError as error:
        return told("errors", one_line(str(error)))
    except InfraError as error:
        return told("errors", one_line(f"{folder}: {error}"))
    if found.is_same:
        return told("same")
    return told(
        "different",
        one_line(f"{folder}: {', '.join(found.parts)} differ"),
        f"  was: {headline(found.before)}",
        f"  is:  {headline(found.after)}",
    )


def _write(found: Rejudged, into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, content in files_of(found.after).items():
            (into / name).write_bytes(content)
    except OSError as error:
        raise InfraError(f"cannot write below {into}: {error.strerror}") from error
