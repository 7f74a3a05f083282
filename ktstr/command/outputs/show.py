# SPDX-License-Identifier: Apache-2.0
"""Shows results: the whole report of one, or a line on each of several.

PLACE is a result.pb or a folder with results, such as bazel-testlogs/my/test/test.outputs. With
--run they come from the history. --last tells what the last run of the tests in this workspace left
that did not pass: the first cause of each, its files, and the commands to run next.

--format=markdown is a summary for the page of a CI's job, sarif the failures with their source
lines for code scanning (SARIF 2.1.0), github the same as annotations of GitHub's runner:

  ktstr show --last --format=markdown >> "$GITHUB_STEP_SUMMARY"

Exit codes: 0 all passed or were skipped, 1 one failed, 2 one is inconclusive or
cannot be read, 3 error.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from ktstr.command.context import Context
from ktstr.command.history.asked import add_history, add_limit, add_where, opened
from ktstr.command.history.kept import kept_result, none_such
from ktstr.command.outputs.testlogs import results_below
from ktstr.history.queries import rows
from ktstr.history.selection import selected
from ktstr.history.where import parse_conditions
from ktstr.model.errors import UsageError
from ktstr.report.annotations import annotations_of
from ktstr.report.closing import failed_block
from ktstr.report.sarif import sarif_of
from ktstr.report.summary import summary_of
from ktstr.report.text import headline, text_report, verdict_name
from ktstr.result import result_pb2

HELP = "show results"

_FAILED, _INCONCLUSIVE = 1, 2
_ORDER = {"FAIL": 0, "INCONCLUSIVE": 1}
_SHOWN_WHOLE = 1
_FORMATS = ("text", "markdown", "sarif", "github", "json")


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("place", nargs="?", metavar="PLACE", help="result.pb, or a folder")
    parser.add_argument("--last", action="store_true", help="what did not pass in bazel-testlogs")
    parser.add_argument("--run", metavar="RUN", help="of the history: a run, commit or branch")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="--json is json")
    add_where(parser)
    add_limit(parser, "results (in Markdown: failures)")
    add_history(parser)


def run(options: argparse.Namespace, context: Context) -> int:
    """Shows them.

    Raises:
        UsageError, InfraError: there is nothing to show, or it cannot be read.
    """
    chosen = [options.place is not None, options.last, options.run is not None]
    if sum(chosen) != 1:
        raise UsageError("show: name a PLACE, or --run of the history, or --last; one of them")
    if options.where and options.run is None:
        raise UsageError("show: --where is of the history: name a run with --run")
    if options.run is not None:
        return _show_history(options, context)
    read = results_below(_place(options, context), context)
    found = read.results
    if options.json or options.format != "text":
        _say_formatted(found, options, context)
    elif options.last:
        context.say(*failed_block(found, "ktstr replay --last"))
    elif len(found) == _SHOWN_WHOLE:
        context.say(text_report(found[0]).rstrip("\n"))
    else:
        shown = found[: options.limit] if options.limit else found
        context.say(*map(headline, shown))
        _say_more(len(found) - len(shown), context)
    return code_of({verdict_name(each.verdict) for each in found}) or read.code


def _say_formatted(
    found: list[result_pb2.Result], options: argparse.Namespace, context: Context
) -> None:
    """Answers in a form for others: JSON, Markdown, SARIF, or annotations."""
    if options.json or options.format == "json":
        context.answer([data_of(each) for each in found])
    elif options.format == "markdown":
        context.say(*summary_of(found, options.limit))
    elif options.format == "github":
        context.say(*annotations_of(found, lambda name: _source(context, name)))
    else:
        log, homeless = sarif_of(found, lambda name: _source(context, name))
        context.answer(log)
        if homeless:
            context.tell(
                f"{homeless} that did not pass have no source line in {context.workspace}, and are "
                f"left out"
            )


def _source(context: Context, name: str) -> str | None:
    """A file of the workspace, by its path below; None: it is not there."""
    if "\0" in name:
        return None
    path = (context.workspace / name).resolve()
    if not path.is_relative_to(context.workspace.resolve()) or not path.is_file():
        return None
    return path.read_text(encoding="utf-8", errors="replace")


def _say_more(count: int, context: Context) -> None:
    if count:
        context.say(f"... and {count} more; --limit=0 shows all")


def code_of(verdicts: set[str]) -> int:
    """Of all that there was, shown or not."""
    if "FAIL" in verdicts:
        return _FAILED
    return _INCONCLUSIVE if "INCONCLUSIVE" in verdicts else 0


def _place(options: argparse.Namespace, context: Context) -> Path:
    if options.place is not None:
        return context.path(options.place)
    return context.workspace / "bazel-testlogs"


def _show_history(options: argparse.Namespace, context: Context) -> int:
    """Shows a run's results; those that did not pass first, where not all are shown."""
    with opened(options, context) as connection:
        conditions = (*selected(connection, options.run), *parse_conditions(options.where))
        found = list(rows(connection, conditions))
        if not found:
            raise none_such(options.run)
        if options.json or options.format != "text":
            wholes = [kept_result(connection, each.facts) for each in found]
            _say_formatted(wholes, options, context)
        elif len(found) == _SHOWN_WHOLE:
            context.say(text_report(kept_result(connection, found[0].facts)).rstrip("\n"))
        else:
            shown = found
            if options.limit and len(found) > options.limit:
                shown = sorted(found, key=lambda each: _ORDER.get(each.verdict, len(_ORDER)))
                shown = shown[: options.limit]
            for each in shown:
                context.say(headline(kept_result(connection, each.facts)))
            _say_more(len(found) - len(shown), context)
    return code_of({each.verdict for each in found})


def data_of(result: result_pb2.Result) -> dict[str, Any]:
    """Enough to choose by, and the whole in protobuf's JSON form."""
    message = json_format.MessageToDict(result, preserving_proto_field_name=True)
    return {
        "headline": headline(result),
        "verdict": verdict_name(result.verdict),
        "result": message,
    }
