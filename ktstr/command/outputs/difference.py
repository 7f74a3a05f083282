# SPDX-License-Identifier: Apache-2.0
"""Finds the first decision in which two runs of one plan differ, whatever their times are.

A and B are traces of decisions, trace.jsonl as a test leaves it with
--test_env=KTSTR_LOOK=decisions, or folders in which one such file lies: of two schedulers, builds
of one, or kernels.

The exit code is 0 where no decision differs, 1 where one does, 2 where a trace is cut before that.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from ktstr.command.context import Context
from ktstr.command.outputs.trace import trace_at
from ktstr.introspect.trace.difference import Difference, Side, first_difference
from ktstr.introspect.trace.events import Decisions
from ktstr.introspect.trace.standing import as_lines
from ktstr.introspect.trace.words import subject_of, words_of
from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean

HELP = "the first decision in which two traces differ"

_BEFORE, _WIDTH = 5, 98


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("a", metavar="A", help="a trace, or a folder with one")
    parser.add_argument("b", metavar="B", help="the other")
    parser.add_argument(
        "--task",
        action="append",
        default=[],
        metavar="NAME",
        help="of a task that counts, once for each; left out: the plan's workers",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Tells it.

    Raises:
        UsageError: one of them cannot be read, or is no trace.
    """
    (path_a, a), (path_b, b) = (trace_at(context.path(name)) for name in (options.a, options.b))
    _check(options.task, a, b)
    found = first_difference(a, b, options.task)
    if found is not None and (_is_cut(a, found.a) or _is_cut(b, found.b)):
        found = None
    if options.json:
        context.answer(None if found is None else _plain(found, a, b))
    else:
        context.say(*(_lines(found, a, b) if found is not None else ["no decision differs"]))
    cut = [path for path, trace in ((path_a, a), (path_b, b)) if trace.cut]
    if found is None and cut:
        context.tell(f"{cut[0]} is cut: what came behind its end was not compared")
        return 2
    return 0 if found is None else 1


def _is_cut(decisions: Decisions, side: Side) -> bool:
    """Whether nobody knows what stands at a place, as the trace is cut before it."""
    return decisions.cut and side.event is None


def _check(tasks: Sequence[str], a: Decisions, b: Decisions) -> None:
    """Raises UsageError for a task that neither trace has."""
    known = sorted({*a.names.values(), *b.names.values()})
    for task in tasks:
        if task not in known:
            raise UsageError(f"no task of these traces is {task!r}{did_you_mean(task, known)}")


def _lines(found: Difference, a: Decisions, b: Decisions) -> Iterator[str]:
    yield (
        f"the first difference is about {found.of}; {found.alike} of its events before are the "
        f"same in both"
    )
    for name, side, decisions in (("A", found.a, a), ("B", found.b, b)):
        yield ""
        yield f"{name}: {_event(side, decisions)}"
        for line in as_lines(decisions, side.index):
            yield from textwrap.wrap(line, _WIDTH, initial_indent="  ", subsequent_indent="    ")
        for index in range(max(0, side.index - _BEFORE), side.index):
            yield f"  before: {_event(Side(index, decisions.events[index]), decisions)}"


def _event(side: Side, decisions: Decisions) -> str:
    if side.event is None:
        return "its trace has ended"
    event = side.event
    seconds = f"{event.at_ns // 10**9}.{event.at_ns % 10**9:09d} s"
    subject = subject_of(event, decisions.names)
    return f"{seconds} CPU {event.cpu} {subject}{words_of(event, decisions.names)}"


def _plain(found: Difference, a: Decisions, b: Decisions) -> dict[str, Any]:
    return {
        "of": found.of,
        "alike": found.alike,
        **{
            name: {
                "event": side.index,
                "ns": side.event.at_ns if side.event else None,
                "cpu": side.event.cpu if side.event else None,
                "words": _event(side, decisions),
                "state": as_lines(decisions, side.index),
            }
            for name, side, decisions in (("a", found.a, a), ("b", found.b, b))
        },
    }
