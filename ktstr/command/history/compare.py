# SPDX-License-Identifier: Apache-2.0
"""Compares two sets of results of the history: what is worse, what is better, and how sure that is.

BASE and NEW are runs by their numbers, `last`, `last~1`, branches, commits, or conditions. Of a
branch it is the last whole run, of BASE one that NEW has not; branch=main is all that it ever had:

  ktstr compare main my-branch
  ktstr compare last~1 last
  ktstr compare kernel=linux_6_12 kernel=linux_7_2 --where branch=main
  ktstr compare scheduler=fifo scheduler=eevdf --where topology=1n2l2c1t

Results are paired by label, test, topology, kernel, scheduler and accelerator, but for what sets
the sets apart. In virtual time any difference is real; from six tests on that differ, better and
worse is what they agree on. In real time each boot is a unit.

Exit codes: 0 nothing of --fail_on, 1 something is worse, 2 something else of --fail_on, or nothing
could be compared, 3 error.
"""

from __future__ import annotations

import argparse

from ktstr.command.context import Context
from ktstr.command.history.asked import add_history, add_limit, add_where, opened
from ktstr.compare.compare import Asked, compare
from ktstr.compare.data import data_of
from ktstr.compare.finding import Comparison, Outcome
from ktstr.compare.gates import Gates
from ktstr.compare.markdown import markdown_of
from ktstr.compare.text import text_of
from ktstr.history.selection import runs_in, selected
from ktstr.history.where import parse_conditions
from ktstr.model.errors import UsageError

HELP = "compare two sets of results"

_WORSE, _MISSING = 1, 2
_FORMATS = ("text", "markdown", "html", "json")
_COLOURS = {Outcome.WORSE: "red", Outcome.MISSING: "yellow", Outcome.BETTER: "green"}
_FAILING = (Outcome.WORSE, Outcome.MISSING, Outcome.UNDECIDED, Outcome.CHANGED)


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("base", metavar="BASE", help="what was")
    parser.add_argument("new", metavar="NEW", help="what is")
    add_where(parser)
    add_comparing(parser)
    add_history(parser)


def add_comparing(parser: argparse.ArgumentParser) -> None:
    """Declares what says how two sets are compared, and how that is told."""
    parser.add_argument(
        "--pair", metavar="DIMENSION,...", help="what two results of a pair have in common"
    )
    parser.add_argument(
        "--figure",
        action="append",
        default=[],
        metavar="FIGURE",
        help="compare these alone: wake_p99_us, or cg_0.wake_*",
    )
    parser.add_argument(
        "--steps",
        action="store_true",
        help="in real time, too, compare the figures of single steps",
    )
    parser.add_argument(
        "--relative",
        type=float,
        metavar="PERCENT",
        help="what a change must be more than; default: 1 in virtual time, 5 in real time",
    )
    parser.add_argument(
        "--gate",
        action="append",
        default=[],
        metavar="FIGURE=AMOUNT",
        help="the same for some figures: wake_*=10%%, max_gap_ms=5, or both with a comma",
    )
    parser.add_argument(
        "--fail_on",
        default=",".join((Outcome.WORSE, Outcome.MISSING)),
        metavar="OUTCOME,...",
        help=f"of {', '.join(_FAILING)}; default: %(default)s",
    )
    parser.add_argument("--all", action="store_true", help="tell also what is the same")
    parser.add_argument("--format", choices=_FORMATS, default="text", help="--json is json")
    add_limit(parser, "tests (in Markdown: findings) of each outcome")


def run(options: argparse.Namespace, context: Context) -> int:
    """Compares.

    Raises:
        UsageError, InfraError: a set is empty or unclear, or the history cannot be used.
    """
    failing = failing_of(options)
    gates = Gates.parse(options.gate, options.relative)
    with opened(options, context) as connection:
        new = selected(connection, options.new)
        asked = Asked(
            base=options.base,
            new=options.new,
            base_conditions=selected(connection, options.base, runs_in(connection, new)),
            new_conditions=new,
            where=parse_conditions(options.where),
            by=options.pair,
            figures=tuple(options.figure),
            gates=gates,
            steps=options.steps,
            keep_same=options.all,
        )
        comparison = compare(connection, asked)
    return told(comparison, failing, options, context)


def told(
    comparison: Comparison,
    failing: frozenset[Outcome],
    options: argparse.Namespace,
    context: Context,
) -> int:
    """Answers with a comparison, as `add_comparing` has it; the exit code."""
    if options.json or options.format == "json":
        context.answer(data_of(comparison))
    elif options.format == "markdown":
        context.say(*markdown_of(comparison, options.limit))
    elif options.format == "html":
        # imported here: jinja2 takes a tenth of a second
        from ktstr.page.comparison import comparison_page

        context.say(comparison_page(comparison))
    else:
        context.say(*text_of(comparison, options.limit, lambda text, of: _paint(context, text, of)))
    return _code(comparison, failing)


def _paint(context: Context, text: str, outcome: Outcome) -> str:
    colour = _COLOURS.get(outcome)
    return context.painted(text, colour) if colour else text


def failing_of(options: argparse.Namespace) -> frozenset[Outcome]:
    """The outcomes of --fail_on.

    Raises:
        UsageError: one of them is none.
    """
    names = [each.strip() for each in options.fail_on.split(",") if each.strip()]
    for name in names:
        if name not in _FAILING:
            raise UsageError(f"--fail_on: {name!r} is none of {', '.join(_FAILING)}")
    return frozenset(map(Outcome, names))


def _code(comparison: Comparison, failing: frozenset[Outcome]) -> int:
    if Outcome.WORSE in failing and comparison.count(Outcome.WORSE):
        return _WORSE
    others = failing - {Outcome.WORSE}
    if not comparison.pairs or any(comparison.count(each) for each in others):
        return _MISSING
    return 0
