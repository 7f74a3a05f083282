# SPDX-License-Identifier: Apache-2.0
"""Keeps results in the history, before the next run overwrites them.

Of each PLACE it takes all results: of the tests of an invocation of Bazel, by its build events
(--build_event_json_file), or all at or below a folder, such as bazel-testlogs or a mirror of an
object store; outputs.zip are read as they are. What the history has already is not doubled, and an
import that was interrupted is taken up where it was. A run knows its commit, branch and run of a
CI: by the options, else by the build events, the CI's variables, or git, as of now.

Exit codes: 0 all was taken, 1 some could not be (the rest was), 3 nothing was.
"""

from __future__ import annotations

import argparse
import sqlite3
from pathlib import Path

from ktstr.command.context import Context
from ktstr.command.history.asked import add_history, opened
from ktstr.history import revision
from ktstr.history.events import Invocation, is_events, read_events
from ktstr.history.importing import Found, Imported, found_in, import_run, key_of
from ktstr.history.places import places_below
from ktstr.history.queries import older
from ktstr.history.revision import Revision
from ktstr.history.run import NewRun, RunState
from ktstr.history.window import Window
from ktstr.model.errors import UsageError

HELP = "keep results in the history"

_SOME_REFUSED = 1


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "places",
        nargs="+",
        metavar="PLACE",
        help="a file of --build_event_json_file, a folder with results, result.pb, or outputs.zip",
    )
    parser.add_argument("--commit", help="of the project")
    parser.add_argument("--branch", help="of the project")
    parser.add_argument(
        "--dirty", choices=("yes", "no"), help="whether files differed from the commit"
    )
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="something else that the run is to be found by, as tag.NAME",
    )
    parser.add_argument(
        "--figures_only",
        action="store_true",
        help="keep no whole results, a tenth of the room: `show` and first differences need them",
    )
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Imports each place as a run.

    Raises:
        UsageError, InfraError: nothing could be taken, or the history cannot be used.
    """
    tags = dict(map(_tag, options.tag))
    done: list[Imported] = []
    with opened(options, context, create=True) as connection:
        for each in options.places:
            place = context.path(each)
            refused: list[str] = []
            run, found, end, window = _read(place, options, context, tags, refused)
            imported = import_run(
                connection,
                run,
                found,
                end,
                window=window,
                whole=not options.figures_only,
                progress=lambda at, of: context.progress("imported", at, of),
            )
            imported.refused[:0] = refused
            done.append(imported)
            _tell(place, imported, context)
            _tell_of_old(connection, imported, context)
            if imported.added + imported.known == 0:
                raise UsageError(f"none of the {len(imported.refused)} results in {place} is kept")
    if options.json:
        context.answer([_data(each) for each in done])
    return _SOME_REFUSED if any(each.refused for each in done) else 0


def _read(
    place: Path,
    options: argparse.Namespace,
    context: Context,
    tags: dict[str, str],
    refused: list[str],
) -> tuple[NewRun, list[Found], RunState, Window]:
    ci = revision.ci_run(context.environ)
    if place.is_file() and is_events(place):
        events = read_events(place)
        of = _revision(options, context, events)
        found = found_in(events.places(), refused)
        _tell_of_events(place, events, found, context)
        run = NewRun(f"bazel:{events.uuid}", str(place), events.started, of, ci, tags)
        window = Window(events.started, events.finished)
        return run, found, RunState.WHOLE if events.ended else RunState.CUT, window
    of = _revision(options, context, None)
    found = found_in(places_below(place), refused)
    if not found and not refused:
        raise UsageError(f"no result.pb in {place} or below, and no outputs.zip with one")
    key = key_of(found, of.commit, of.branch, str(of.dirty), ci.name, *map(str, tags.items()))
    return NewRun(key, str(place), "", of, ci, tags), found, RunState.WHOLE, Window()


def _tell_of_events(place: Path, events: Invocation, found: list[Found], context: Context) -> None:
    """Says what is missing of what the events tell of.

    Raises:
        UsageError: all of it is.
    """
    if events.remote:
        context.tell(
            f"{len(events.remote)} tests of {place} left their files in a remote cache, e.g. "
            f"{events.remote[0]}: have them fetched, with --remote_download_regex=.*/testlogs/.*"
        )
    if not events.ended:
        context.tell(
            f"{place} ends in the middle, as of a build that was killed, or goes on: what it "
            f"tells of is imported, and the run is called {RunState.CUT} until it is whole: import "
            f"it again once it is"
        )
    if not found:
        raise UsageError(
            f"{place} tells of {events.tests} tests, and no result of ktstr's is where they lay: "
            f"import before the next build, on the machine of this one"
        )


def _revision(options: argparse.Namespace, context: Context, events: Invocation | None) -> Revision:
    if options.commit is None and (options.branch is not None or options.dirty is not None):
        raise UsageError("--branch and --dirty say more of a --commit, which is not given")
    if options.commit is not None:
        dirty = None if options.dirty is None else options.dirty == "yes"
        return Revision(options.commit, options.branch or "", dirty, revision.OPTIONS)
    said = (
        revision.of_status(events.status) if events else Revision(),
        revision.of_ci(context.environ),
    )
    for each in said:
        if each.commit:
            return each
    return revision.of_git(context.workspace)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.replace("_", "").replace("-", "").isalnum():
        raise UsageError(
            f"--tag {text!r}: NAME=VALUE is expected, NAME of letters, digits, _ and -"
        )
    return key, value


def _tell(place: Path, imported: Imported, context: Context) -> None:
    of = imported.revision
    commit = f"commit {of.commit[:12]}, from {of.source}" if of.commit else "of no known commit"
    context.tell_some(imported.refused)
    context.tell(
        f"{place}: run {imported.run}, {commit}: {imported.added} results added, "
        f"{imported.known} known, {len(imported.refused)} refused"
    )


def _tell_of_old(connection: sqlite3.Connection, imported: Imported, context: Context) -> None:
    """A folder may have results of before: they are not of the commit that git names."""
    of = imported.revision
    count = older(connection, imported.run, of.committed) if of.committed else 0
    if count:
        context.tell(
            f"{count} of them are older than commit {of.commit[:12]}, and of an earlier one then: "
            f"import by build events, or name their --commit"
        )


def _data(imported: Imported) -> dict[str, object]:
    return {
        "run": imported.run,
        "added": imported.added,
        "known": imported.known,
        "refused": imported.refused,
    }
