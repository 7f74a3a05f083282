# SPDX-License-Identifier: Apache-2.0
"""Plays scenarios made at random on a test's machine, and shrinks those that fail.

  ktstr fuzz //my:steady_test --for=10m
  ktstr fuzz //my:steady_test --against=//my:eevdf_test --runs=200 --corpus=/somewhere

TARGET is a ktstr_test: its kernel, scheduler and topology are taken, its test functions are not. A
scenario is kept where it reaches code of the scheduler that none before has; one of each first
cause is shrunk to a test file. The same seed makes the same scenarios. A corpus goes on where it
was left. --against plays each on a second target's machine, too, and tells of differences. What
stands behind `--` are options of `bazel build`.

Exit codes: 0 nothing was found, 1 an alarm, 2 nothing could be judged, 3 error.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ktstr.command.context import Context
from ktstr.command.workspace.bazel import built_programs
from ktstr.fuzz.campaign import WINDOW, Campaign
from ktstr.fuzz.corpus import About, opened
from ktstr.fuzz.crew import Crew
from ktstr.fuzz.fuzzing import Fuzzing, Tally, Wanted
from ktstr.fuzz.grammar import Family, Grammar, Knob, families_without, knob_of, setting_of
from ktstr.fuzz.protocol import Ready
from ktstr.fuzz.summary import data_of, lines_of
from ktstr.model.errors import UsageError
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.scenario.inside import SetKernel

HELP = "scenarios made at random; what fails is shrunk to a test"

_FOUND, _NOTHING_JUDGED = 1, 2
_UNITS = {"s": 1, "m": 60, "h": 3600}
_SHRINKS = 120
# Host seconds between lines that say how it goes, where nobody watches a terminal.
_EACH_S = 60.0
# What Bazel tells a test, and a player is none.
_TESTS = ("TEST_", "XML_", "TESTBRIDGE_", "BUILD_", "RUNFILES_", "JAVA_RUNFILES")


@dataclass(frozen=True)
class Allowed:
    """What scenarios may be made of, as somebody said it."""

    families: frozenset[Family]
    knobs: tuple[Knob, ...] = ()
    settings: tuple[SetKernel, ...] = ()


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("target", metavar="TARGET", help="a ktstr_test")
    parser.add_argument("--against", metavar="TARGET", help="play each on this one, too")
    parser.add_argument("--runs", type=_count, metavar="N", help="so many scenarios; default: 100")
    parser.add_argument("--for", dest="for_s", type=_seconds, metavar="TIME", help="90s, 10m, 2h")
    parser.add_argument("--jobs", type=_count, metavar="N", help="guests at once; default: CPUs")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all; default: 1")
    parser.add_argument("--corpus", metavar="FOLDER", help="what is kept; it is gone on with")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="FAMILY",
        help=f"leave these out: {', '.join(Family)}",
    )
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=V,V",
        help="a global variable of the scheduler, set to these while it runs",
    )
    parser.add_argument(
        "--kernel",
        action="append",
        default=[],
        metavar="NAME=V",
        help="a variable of the kernel, set to this at the beginning of each",
    )
    parser.add_argument(
        "--shrinks",
        type=_count,
        default=_SHRINKS,
        metavar="N",
        help=f"runs to shrink one alarm; default: {_SHRINKS}",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Fuzzes.

    Raises:
        UsageError, InfraError: the target cannot be fuzzed, or the corpus is another's.
    """
    labels = [options.target] + ([options.against] if options.against else [])
    allowed = Allowed(
        families_without(tuple(options.without)),
        tuple(map(knob_of, options.knob)),
        tuple(map(setting_of, options.kernel)),
    )
    programs = built_programs(context, labels, options.rest)
    return fuzzed(programs, options, context, allowed)


def fuzzed(
    programs: Sequence[str],
    options: argparse.Namespace,
    context: Context,
    allowed: Allowed,
) -> int:
    """Fuzzes the machines whose launchers these are.

    Raises:
        UsageError, InfraError: as for `run`.
    """
    jobs = min(options.jobs or len(os.sched_getaffinity(0)), WINDOW)
    runs = 100 if options.runs is None and options.for_s is None else options.runs
    wanted = Wanted(runs, options.for_s, options.shrinks, jobs)
    folder = context.path(options.corpus) if options.corpus else _folder(context, options)
    ours = {k: v for k, v in context.environ.items() if not k.startswith(_TESTS)}
    with _Stop() as stop, Crew(programs, jobs, ours, stop) as crew:
        machines = crew.meet()
        if stop.came:
            return 128 + signal.SIGINT
        about = about_of(machines, options.seed, allowed)
        grammar = grammar_of(machines[0], allowed)
        with opened(folder, about) as corpus:
            entries = corpus.journal.read()
            if entries:
                context.tell(f"{folder}: goes on behind {len(entries)} scenarios")
            campaign = Campaign(grammar, options.seed, entries, corpus.kept)
            progress = _Progress(context, len(entries))
            fuzzing = Fuzzing(
                corpus,
                about,
                campaign,
                grammar,
                crew,
                wanted,
                progress.above,
                progress,
                lambda: stop.came,
                max((each.at_s for each in entries.values()), default=0.0),
            )
            tally = fuzzing.run()
            progress.end()
        known = corpus.alarms()
        if options.json:
            context.answer(data_of(tally, campaign, known.values(), folder))
        else:
            context.say(*lines_of(tally, campaign, known.values(), folder))
        if known or tally.causes:
            return _FOUND
        return 0 if campaign.done > tally.unjudged.total() else _NOTHING_JUDGED


def about_of(machines: Sequence[Ready], seed: int, allowed: Allowed) -> About:
    """What a corpus of these machines is of."""
    return About(
        seed,
        tuple(each.label for each in machines),
        tuple(each.kernel for each in machines),
        tuple(each.subject for each in machines),
        tuple(sorted(allowed.families)),
        tuple(f"{each.name}={','.join(map(str, each.values))}" for each in allowed.knobs),
        tuple(f"{each.name}={each.value}" for each in allowed.settings),
        tuple(f"{each.topology} {each.numa or ''}".strip() for each in machines),
    )


def grammar_of(machine: Ready, allowed: Allowed) -> Grammar:
    """What scenarios of a machine may be made of.

    Raises:
        UsageError: it has no scheduler whose variables can be set.
    """
    knobs = allowed.knobs
    if knobs and (machine.scheduler is None or not machine.scheduler.control):
        raise UsageError(
            f"--knob {knobs[0].name}: {machine.label} has no scheduler that the generic loader "
            f"runs, and no other one's variables can be set"
        )
    view = TopologyView.of(Topology.parse(machine.topology, machine.numa))
    return Grammar(view, machine.scheduler, allowed.families, knobs, allowed.settings)


def _folder(context: Context, options: argparse.Namespace) -> Path:
    """A folder of the user's cache, by targets and seed."""
    cache = Path(context.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    names = [options.target] + ([options.against] if options.against else [])
    words = "-".join([*names, str(options.seed)])
    return cache / "ktstr" / "fuzz" / "".join(c if c.isalnum() or c in "-." else "_" for c in words)


class _Stop:
    """While it is open, SIGINT and SIGTERM end the run in order; a second one kills it."""

    def __init__(self) -> None:
        self.came = False
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> _Stop:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def fileno(self) -> int:
        """Becomes readable, and stays so, when a signal has come."""
        return self._read

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            sys.exit(128 + number)
        self.came = True
        os.write(self._write, b"!")


class _Progress:
    """One line on a terminal, that is written over; elsewhere a line each minute."""

    def __init__(self, context: Context, before: int) -> None:
        self._context, self._before = context, before
        self._is_terminal = context.err.isatty()
        self._told_at = time.monotonic()

    def __call__(self, tally: Tally, campaign: Campaign) -> None:
        text = (
            f"{campaign.done} scenarios, {len(campaign.parents)} kept, {campaign.ground.size} "
            f"bytes of the schedulers' code, {len(tally.causes)} causes"
        )
        if self._is_terminal:
            print(f"\r\033[K{text}", end="", file=self._context.err, flush=True)
        elif time.monotonic() - self._told_at > _EACH_S:
            self._told_at = time.monotonic()
            self._context.tell(text)

    def above(self, text: str) -> None:
        """A line that stays."""
        self.end()
        self._context.tell(text)

    def end(self) -> None:
        """Takes the line away."""
        if self._is_terminal:
            print("\r\033[K", end="", file=self._context.err, flush=True)


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _seconds(text: str) -> float:
    unit = _UNITS.get(text[-1:], 0)
    value = float(text[:-1] if unit else text) * (unit or 1)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value
