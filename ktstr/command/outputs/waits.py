# SPDX-License-Identifier: Apache-2.0
"""What tasks waited for, and who kept them off their CPUs, by name; how they slept, and who ran
when they were woken.

TRACE is a trace of decisions, trace.jsonl as a test leaves it with
--test_env=KTSTR_LOOK=decisions, or a folder in which one such file lies; TASK a pid or a name that
it has. Without a task those are listed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from ktstr.command.context import Context
from ktstr.command.outputs.trace import trace_at
from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.values import RUNNABLE
from ktstr.introspect.trace.waits import Wait, told, waits_of
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean

HELP = "what a task of a trace waited for"

_NS_PER_US = 1000


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("trace", metavar="TRACE", help="a trace, or a folder with one")
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="a task by its name or pid")
    parser.add_argument(
        "--most", type=int, default=5, metavar="N", help="so many of the longest waits (5)"
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Tells it.

    Raises:
        UsageError: the trace cannot be read, or is none; it has no such task.
    """
    path, decisions = trace_at(context.path(options.trace))
    pids = [pid for task in options.tasks for pid in _pids(decisions, task, path)]
    names = sorted(decisions.names.items())
    if options.json:
        listed = pids if options.tasks else [pid for pid, _ in names]
        context.answer([_plain(decisions, pid, waits=bool(options.tasks)) for pid in listed])
    elif not options.tasks:
        context.say(*(f"{name} ({pid})" for pid, name in names))
    else:
        for pid in pids:
            first, *rest = told(decisions, pid, options.most)
            rest += _slept(waits_of(decisions, pid), decisions, options.most)
            context.say(first, *(f"  {line}" for line in rest))
    if decisions.problem:
        context.tell(decisions.problem)
    return 0


def _plain(decisions: Decisions, pid: int, *, waits: bool) -> dict[str, object]:
    task = {"pid": pid, "name": decisions.names.get(pid, "")}
    found = [asdict(each) for each in waits_of(decisions, pid)] if waits else None
    return task if found is None else {**task, "waits": found}


def _slept(waits: Sequence[Wait], decisions: Decisions, most: int) -> Iterator[str]:
    """In words, how a task slept, by its states as in `ps`, and who ran when it was woken."""
    asleep = [wait for wait in waits if wait.state != RUNNABLE]
    for state in sorted({wait.state for wait in asleep}):
        took = [wait.ns for wait in asleep if wait.state == state]
        yield f"slept ({state}) {len(took)} times, {sum(took) / _NS_PER_US:.1f} us in all"
    by = Counter(wait.by for wait in waits if wait.by is not None)
    if by:
        ran = (f"{decisions.names.get(pid, '?')} ({pid}) {n}" for pid, n in by.most_common(most))
        yield f"times that these ran when it was woken: {', '.join(ran)}"


def _pids(decisions: Decisions, task: str, path: Path) -> Iterator[int]:
    """The tasks of that pid or name; raises UsageError where there is none."""
    found = [pid for pid, name in decisions.names.items() if task in (name, str(pid))]
    if not found:
        known = sorted(set(decisions.names.values()))
        raise UsageError(f"{path} has no task {task!r}{did_you_mean(task, known)}")
    yield from found
