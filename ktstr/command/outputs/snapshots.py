# SPDX-License-Identifier: Apache-2.0
"""Shows the snapshots of a result: all that there are, one of them, or what changed between two.

RESULT is the result.pb of a test; `post-mortem` is the snapshot of a guest that did not come to its
end.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ktstr.command.context import Context
from ktstr.introspect.snapshot.difference import as_text as difference
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.introspect.snapshot.text import as_json, as_text, seconds
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.record.inside import post_mortem_in, snapshots_in
from ktstr.result.read import read_result

HELP = "snapshots of a result"

_MOST = 2
_POST_MORTEM = "post-mortem"


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("result", metavar="RESULT", help="a result.pb")
    parser.add_argument("names", nargs="*", metavar="NAME", help="one to show, two to compare")


def run(options: argparse.Namespace, context: Context) -> int:
    """Shows them.

    Raises:
        UsageError: the result cannot be read, or has no such snapshot; or three are named.
    """
    if len(options.names) > _MOST:
        raise UsageError(f"{len(options.names)} snapshots are named: one to show, two to compare")
    path = context.path(options.result)
    found = _all_of(path)
    named = [_named(found, name, path) for name in options.names]
    if options.json:
        context.answer([json.loads(as_json(each)) for each in named or found])
    elif len(named) == _MOST:
        context.say(difference(*named).rstrip("\n"))
    elif named:
        context.say(as_text(*named).rstrip("\n"))
    else:
        context.say(*map(_line, found))
    return 0


def _line(snapshot: Snapshot) -> str:
    cause = f", {snapshot.cause}" if snapshot.cause else ""
    return f"{snapshot.name}: at {seconds(snapshot.at_ns)}{cause}"


def _all_of(path: Path) -> list[Snapshot]:
    """In their order. Raises UsageError where the result cannot be read, or is none."""
    result = read_result(path)
    found = list(snapshots_in(result))
    post_mortem = post_mortem_in(result)
    if post_mortem is not None:
        found.append(replace(post_mortem.snapshot, name=_POST_MORTEM, cause=post_mortem.cause))
    return found


def _named(found: Sequence[Snapshot], name: str, path: Path) -> Snapshot:
    """The first of that name. Raises UsageError where there is none."""
    for each in found:
        if each.name == name:
            return each
    known = [each.name for each in found]
    there = f"; it has {', '.join(known)}" if known else ", nor any other"
    raise UsageError(f"{path} has no snapshot {name!r}{did_you_mean(name, known)}{there}")
