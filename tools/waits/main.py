# SPDX-License-Identifier: Apache-2.0
"""What a task waited for, and who kept it off: tools/bazel run //tools/waits -- TRACE [TASK ...]

TRACE is a test's trace.jsonl, TASK a pid or a name that the trace has; left out, those are listed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.lines import read_lines
from ktstr.introspect.trace.waits import told
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean

_ERROR = 3


def main(arguments: Sequence[str]) -> int:
    """Prints it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="waits", description="Says what tasks waited for.")
    parser.add_argument("trace", type=Path, metavar="TRACE")
    parser.add_argument("tasks", nargs="*", metavar="TASK")
    parser.add_argument("--most", type=int, default=5, help="so many of the longest waits")
    options = parser.parse_args(arguments)
    path = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), options.trace)
    try:
        decisions = _read(path)
        pids = [pid for task in options.tasks for pid in _pids(decisions, task, path)]
    except UsageError as error:
        print(f"waits: {error}", file=sys.stderr)
        return _ERROR
    if not options.tasks:
        for pid, name in sorted(decisions.names.items()):
            print(f"{name} ({pid})")
    if decisions.problem:
        print(decisions.problem)
    for pid in pids:
        first, *rest = told(decisions, pid, options.most)
        print("\n  ".join((first, *rest)))
    return 0


def _read(path: Path) -> Decisions:
    """The trace in a file.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return read_lines(file)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no trace of ktstr's: {error}") from error


def _pids(decisions: Decisions, task: str, path: Path) -> Iterator[int]:
    """The tasks of that pid or name.

    Raises:
        UsageError: there is none; the nearest name is told.
    """
    found = [pid for pid, name in decisions.names.items() if task in (name, str(pid))]
    if not found:
        known = sorted(set(decisions.names.values()))
        raise UsageError(f"{path} has no task {task!r}{did_you_mean(task, known)}")
    yield from found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
