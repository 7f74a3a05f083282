# SPDX-License-Identifier: Apache-2.0
"""The snapshots of a result: tools/bazel run //tools/snapshots -- RESULT [NAME [NAME]]

RESULT is a test's result.pb.  Without a name the snapshots are listed, one is printed, of two the
difference.  `post-mortem` is that of a guest that did not come to its end.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ktstr.introspect.snapshot.difference import as_text as difference
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.text import as_json, as_text, seconds
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.record.inside import post_mortem_in, snapshots_in
from ktstr.result.read import read_result

_ERROR = 3
_MOST = 2
POST_MORTEM = "post-mortem"


def main(arguments: Sequence[str]) -> int:
    """Prints them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="snapshots", description="Shows snapshots of a result.")
    parser.add_argument("result", type=Path, metavar="RESULT")
    parser.add_argument("names", nargs="*", metavar="NAME", help="one to show, two to compare")
    parser.add_argument("--json", action="store_true", help="shows one as JSON")
    options = parser.parse_args(arguments)
    path = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), options.result)
    try:
        if len(options.names) > _MOST:
            raise UsageError(
                f"{len(options.names)} snapshots are named: one to show, two to compare"
            )
        found = _read(path)
        named = [_named(found, name, path) for name in options.names]
    except UsageError as error:
        print(f"snapshots: {error}", file=sys.stderr)
        return _ERROR
    if len(named) == _MOST:
        print(difference(*named), end="")
    elif named:
        print(as_json(*named) if options.json else as_text(*named), end="")
    else:
        for each in found:
            print(f"{each.name}: at {seconds(each.at_ns)}{f', {each.cause}' if each.cause else ''}")
    return 0


def _read(path: Path) -> list[Snapshot]:
    """All of a result, in their order.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    result = read_result(path)
    found = list(snapshots_in(result))
    post_mortem = post_mortem_in(result)
    if post_mortem is not None:
        found.append(replace(post_mortem.snapshot, name=POST_MORTEM, cause=post_mortem.cause))
    return found


def _named(found: Sequence[Snapshot], name: str, path: Path) -> Snapshot:
    """The first of that name.

    Raises:
        UsageError: there is none; the nearest is told.
    """
    for each in found:
        if each.name == name:
            return each
    known = [each.name for each in found]
    there = f"; it has {', '.join(known)}" if known else ", nor any other"
    raise UsageError(f"{path} has no snapshot {name!r}{did_you_mean(name, known)}{there}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
