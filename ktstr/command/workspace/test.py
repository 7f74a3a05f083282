# SPDX-License-Identifier: Apache-2.0
"""Runs tests with Bazel, and ends with what did not pass: first causes, files, commands.

  ktstr test //my/...
  ktstr test //my:steady_test -- --test_filter=halves --config=ci

What stands behind `--` are more options of `bazel test`. The block is of this invocation alone,
also of what Bazel took from its cache, and of what ran where others could not be built
(--keep_going) or Bazel was interrupted.

Exit codes: 0 all passed or were skipped, 1 one failed, 2 one is inconclusive, 3 Bazel could not
run them, or one left no result
that can be read.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from ktstr.command.context import Context
from ktstr.command.outputs.show import code_of, data_of
from ktstr.command.outputs.testlogs import results_of
from ktstr.command.workspace.bazel import run_bazel
from ktstr.history.events import read_events
from ktstr.history.places import Place
from ktstr.model.errors import UsageError
from ktstr.report.closing import failed_block
from ktstr.report.text import verdict_name

HELP = "run tests, and tell what did not pass"

# Bazel's exit codes: all passed; some did not.
_PASSED, _FAILED = 0, 3
_WHOLE = (_PASSED, _FAILED)
_ERROR = 3


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="as Bazel's patterns")


def run(options: argparse.Namespace, context: Context) -> int:
    """Runs them, and tells.

    Raises:
        UsageError, InfraError: Bazel could not run them.
    """
    with tempfile.TemporaryDirectory(prefix="ktstr-test-") as folder:
        events = Path(folder) / "events.json"
        words = [f"--build_event_json_file={events}", *options.rest, "--", *options.targets]
        code = run_bazel(context, ["test", *words], aside=options.json)
        read = results_of(_places(events, code), context)
    found = read.results
    if options.json:
        context.answer([data_of(each) for each in found])
    else:
        context.say(*failed_block(found, "ktstr replay --last"))
    told = code_of({verdict_name(each.verdict) for each in found})
    if code not in _WHOLE:
        context.tell(f"these are not all: bazel ended with {code}; what it says is above")
        return told if told == code_of({"FAIL"}) else _ERROR
    if code == _FAILED and not told and not read.left_out:
        context.tell("a test failed that left no result: its log above says why")
        return _ERROR
    return told or (_ERROR if read.left_out else 0)


def _places(events: Path, code: int) -> list[Place]:
    """Where the results lie of what Bazel ran before it ended with `code`.

    Raises:
        UsageError: it ran nothing, or its events cannot be read.
    """
    try:
        places = list(read_events(events).places())
    except UsageError:
        if code in _WHOLE:
            raise
        places = []  # it ended before it began
    if not places and code not in _WHOLE:
        raise UsageError(f"no verdict: bazel ended with {code}; what it says is above")
    return places
