# SPDX-License-Identifier: Apache-2.0
"""Writes results as an HTML page: one file, which needs no network.

  ktstr page bazel-testlogs/my/steady_test/test.outputs/halves --out halves.html
  ktstr page bazel-testlogs --out suite.html
  ktstr page --run=main --where topology=1n2l2c1t --out main.html

Of one result the page has all: causes, topology, who ran when, queues, latencies, figures. Of
several it has a list that can be searched, and each of them whole. PLACE is a result.pb, an
outputs.zip or a folder with results; with --run they come from the history. Pages of comparisons
and of trends are written by `ktstr compare --format=html` and `ktstr trend --format=html`.

Exit codes: 0 all is on the page, 2 what cannot be read is not, 3 error.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ktstr.command.context import Context
from ktstr.command.history.asked import add_history, add_where, opened
from ktstr.command.history.kept import kept_results
from ktstr.history.places import DAMAGE, Place, digest_of, places_below
from ktstr.model.errors import InfraError, UsageError
from ktstr.page.beside import Beside
from ktstr.result import result_pb2
from ktstr.result.read import result_of_bytes

HELP = "write results as an HTML page"

_LEFT_OUT = 2
_TRACE = "trace.jsonl"
# What lies beside a result and may be looked at, in the order of their use.
_LINKED = (
    "trace.perfetto-trace",
    "report.txt",
    "console.log",
    "scheduler.log",
    "test.log",
    "agent.log",
    "result.json",
    "qemu.cmd",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("place", nargs="?", metavar="PLACE", help="result.pb, or a folder")
    parser.add_argument("--run", metavar="RUN", help="of the history: a run, commit or branch")
    parser.add_argument("--out", metavar="FILE", required=True, help="the page")
    parser.add_argument("--title", help="default: PLACE or RUN, of one result its name")
    add_where(parser)
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Writes the page.

    Raises:
        UsageError, InfraError: there is nothing to write, or it cannot be read or written.
    """
    if (options.place is None) == (options.run is None):
        raise UsageError("page: name a PLACE, or --run of the history; one of them")
    if options.where and options.run is None:
        raise UsageError("page: --where is of the history: name a run with --run")
    out = context.path(options.out)
    refused: list[str] = []
    if options.run:
        found = list(_kept(options, context))
    else:
        found = _placed(context.path(options.place), out.parent, refused)
    context.tell_some(refused)
    if not found:
        raise UsageError(f"none of the {len(refused)} results in {options.place} can be read")
    # imported here: jinja2 takes a tenth of a second, which no other command is to take
    from ktstr.page.run import run_page
    from ktstr.page.suite import suite_page

    if len(found) == 1:
        result, beside = found[0]
        text = run_page(result, beside, options.title)
    else:
        title = options.title or options.run or options.place
        text = suite_page(
            [result for result, _ in found],
            title,
            [beside.links for _, beside in found],
            said=lambda done: context.progress("results", done, len(found)),
        )
    content = text.encode()
    try:
        _write(out, content)
    except OSError as error:
        raise InfraError(f"cannot write {out}: {error.strerror}") from error
    if options.json:
        context.answer({"page": str(out), "results": len(found), "bytes": len(content)})
    else:
        context.say(f"{out}: {len(found)} results, {len(content) / 1e6:.1f} MB")
    return _LEFT_OUT if refused else 0


def _placed(top: Path, near: Path, refused: list[str]) -> list[tuple[result_pb2.Result, Beside]]:
    """Each result at or below the place once, with what lies beside it, as seen from `near`.

    What cannot be read goes to `refused`.

    Raises:
        UsageError: there is none.
    """
    found: dict[bytes, tuple[result_pb2.Result, Beside]] = {}
    for place in places_below(top):
        try:
            content = place.content()
            digest = digest_of(content)
            if digest not in found:
                found[digest] = result_of_bytes(content, str(place)), _beside(place, near)
        except UsageError as error:
            refused.append(str(error))
    if not found and not refused:
        raise UsageError(
            f"no result.pb in {top} or below, and no outputs.zip with one: run a ktstr_test, or "
            f"name the folder of its outputs"
        )
    return list(found.values())


def _kept(
    options: argparse.Namespace, context: Context
) -> Iterator[tuple[result_pb2.Result, Beside]]:
    with opened(options, context) as connection:
        for result in kept_results(connection, options.run, options.where):
            yield result, Beside()


def _beside(place: Place, near: Path) -> Beside:
    """Of an archive's results nothing can be linked to, and the trace can be read."""
    if place.member:
        return Beside(trace=lambda: _archived_lines(place))
    folder = place.file.parent
    links = {
        name: quote(os.path.relpath(folder / name, near))
        for name in _LINKED
        if (folder / name).is_file()
    }
    trace = folder / _TRACE
    return Beside((lambda: _lines(trace)) if trace.is_file() else None, links)


def _lines(trace: Path) -> Iterator[str]:
    with trace.open(encoding="utf-8", errors="replace") as lines:
        yield from lines


def _archived_lines(place: Place) -> Iterator[str]:
    """Nothing where the archive has no trace.

    Raises:
        ValueError: it is damaged.
    """
    name = f"{place.member.rpartition('/')[0]}/{_TRACE}".lstrip("/")
    try:
        with zipfile.ZipFile(place.file) as archive:
            if name in archive.namelist():
                with archive.open(name) as lines:
                    yield from io.TextIOWrapper(lines, encoding="utf-8", errors="replace")
    except (OSError, *DAMAGE) as error:
        raise ValueError(f"its archive is damaged: {error}") from error


def _write(out: Path, content: bytes) -> None:
    """The file whole or not at all; what is none, such as a pipe or /dev/null, is written to."""
    out = out.resolve()
    if out.exists() and not out.is_file():
        out.write_bytes(content)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, out)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
