# SPDX-License-Identifier: Apache-2.0
"""Builds two states of a scheduler, runs tests on both in turns, and compares.

  ktstr perf-delta //my:tests                                # as it is, against HEAD (or HEAD~1)
  ktstr perf-delta //my:tests --base=main                    # against a branch, commit or tag
  ktstr perf-delta //my:tests --base=v1.2 --new=v1.3 --figure='wake_*'
  ktstr perf-delta //my:tests --base_flag=--//my:slice_us=5000 --new_flag=--//my:slice_us=2000
  ktstr perf-delta --base_target=//my:old_test --new_target=//my:new_test

Without --base and --new it compares the files as they are with HEAD, or where nothing differs
from that, with HEAD~1. A commit is checked out in the user's cache directory, and that work tree
is removed afterwards. Targets of their own, such as variants of a gauntlet, run in one invocation.

In virtual time one run a side is exact. Tests in real time run until nothing is undecided, or
--boots or --minutes is spent. What stands behind `--` are more options of `bazel test`, for both
sides.

Exit codes: those of `ktstr compare`: 0 nothing of --fail_on, 1 something is worse, 2 something else
of --fail_on, or nothing could be compared, 3 error.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ktstr.command.context import Context
from ktstr.command.history.asked import whole_number
from ktstr.command.history.compare import add_comparing, failing_of, told
from ktstr.command.workspace.answer import answer, program_of
from ktstr.compare.compare import Asked
from ktstr.compare.gates import Gates
from ktstr.delta.ending import cleaned_up
from ktstr.delta.invoking import shut_down
from ktstr.delta.rounds import BOOTS_OPTION, Budget, Rounds
from ktstr.delta.side import Job, Side
from ktstr.delta.trees import Trees, alone_in
from ktstr.history.database import history
from ktstr.history.revision import Revision, of_git
from ktstr.model.errors import UsageError
from ktstr.store.directory import default_root

HELP = "run two states of a scheduler in turns, and compare"

_BASE, _NEW = "base", "new"
_BOOTS, _MINUTES = 20, 60
_DIGITS = 12


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="tests of both sides, as Bazel's patterns"
    )
    for side, otherwise in ((_BASE, "HEAD, or HEAD~1 where no file differs"), (_NEW, "the files")):
        parser.add_argument(
            f"--{side}", metavar="COMMIT", help=f"commit, branch or tag; default: {otherwise}"
        )
        parser.add_argument(
            f"--{side}_flag",
            action="append",
            default=[],
            metavar="FLAG",
            help=f"an option of Bazel's for {side} alone",
        )
        parser.add_argument(
            f"--{side}_target",
            action="append",
            default=[],
            metavar="TARGET",
            help=f"tests of {side} alone; the other side needs its own",
        )
    parser.add_argument(
        BOOTS_OPTION,
        type=whole_number,
        default=_BOOTS,
        metavar="N",
        help="of a test in real time and side, at most; default: %(default)s",
    )
    parser.add_argument(
        "--minutes",
        type=whole_number,
        default=_MINUTES,
        metavar="N",
        help="of running tests, at most, but for one round; default: %(default)s",
    )
    add_comparing(parser)
    parser.add_argument(
        "--history", metavar="FILE", help="keep the results there, too; default: nowhere"
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Runs both sides, and compares.

    Raises:
        UsageError, InfraError: a side is unclear, cannot be built or left no results.
    """
    failing = failing_of(options)
    asked = Asked(
        base="",
        new="",
        base_conditions=(),
        new_conditions=(),
        by=options.pair,
        figures=tuple(options.figure),
        gates=Gates.parse(options.gate, options.relative),
        steps=options.steps,
        keep_same=options.all,
    )
    _refuse_unclear(options)
    with (
        cleaned_up(),
        _folder(context) as folder,
        tempfile.TemporaryDirectory(prefix="ktstr-delta-", ignore_cleanup_errors=True) as scratch,
    ):
        kept = context.path(options.history) if options.history else Path(scratch, "history")
        with history(kept, create=True) as connection, _sides(options, context, folder) as sides:
            comparison = Rounds(
                sides,
                connection,
                asked,
                Budget(options.boots, 60.0 * options.minutes),
                uuid.uuid4().hex,
                Path(scratch),
                context.tell,
            ).run()
    return told(comparison, failing, options, context)


def _refuse_unclear(options: argparse.Namespace) -> None:
    own = [bool(options.base_target), bool(options.new_target)]
    if any(own) and (options.targets or not all(own)):
        raise UsageError(
            "perf-delta: name TARGETs for both sides, or --base_target and --new_target for each"
        )
    if not options.targets and not any(own):
        raise UsageError("perf-delta: no TARGET is named: //my:tests, say, or //...")
    if options.boots < 1 or options.minutes < 1:
        raise UsageError(f"perf-delta: {BOOTS_OPTION} and --minutes are 1 at least")


@contextlib.contextmanager
def _folder(context: Context) -> Iterator[Path]:
    """This workspace's folder in the cache, ours alone meanwhile."""
    name = hashlib.sha256(str(context.workspace.resolve()).encode()).hexdigest()[:16]
    folder = default_root(context.environ).parent / "perf_delta" / name
    with alone_in(folder):
        yield folder


@dataclass(frozen=True)
class _Wanted:
    """A side as it is asked for.  commit: its digits; empty: the files as they are."""

    name: str
    commit: str
    words: str
    flags: tuple[str, ...]
    targets: tuple[str, ...]


@contextlib.contextmanager
def _sides(
    options: argparse.Namespace, context: Context, folder: Path
) -> Iterator[tuple[Side, Side]]:
    """Both sides, whose trees are there and whose further servers run until the end."""
    trees, base, new = _wanted(options, context)
    if (base.commit, base.flags) == (new.commit, new.flags):
        if base.targets == new.targets:
            raise UsageError(
                f"perf-delta: base and new are both {new.words}, with the same flags and targets, "
                f"so there is nothing to compare: name a --base"
            )
        if not base.commit:
            yield _together(base, new, options, context)
            return
    with contextlib.ExitStack() as stack:
        sides = [_alone(each, trees, options, context, folder, stack) for each in (base, new)]
        yield sides[0], sides[1]


def _wanted(options: argparse.Namespace, context: Context) -> tuple[Trees | None, _Wanted, _Wanted]:
    differs = bool(
        options.base_flag or options.new_flag or options.base_target or options.new_target
    )
    base, new = options.base, options.new
    trees = None
    if base is not None or new is not None or not differs:
        trees = Trees(context.workspace)
        if base is None and not differs:
            base = "HEAD" if new is None and trees.is_dirty() else f"{new or 'HEAD'}~1"
            unknown = () if new is not None or base == "HEAD" else trees.unknown()
            if unknown:
                context.tell(
                    f"git does not know {unknown[0]} ({len(unknown)} such in all): that is taken "
                    f"for no change of the tree; --base=HEAD compares with HEAD"
                )
    return trees, _side(_BASE, base, options, trees), _side(_NEW, new, options, trees)


def _side(
    name: str, commit: str | None, options: argparse.Namespace, trees: Trees | None
) -> _Wanted:
    flags = tuple(getattr(options, f"{name}_flag"))
    own = tuple(getattr(options, f"{name}_target"))
    digits, words = "", "the files as they are"
    if commit is not None and trees is not None:
        digits = trees.commit(commit)
        words = f"{commit} ({digits[:_DIGITS]})"
    return _Wanted(
        name, digits, " ".join([words, *flags, *own]), flags, own or tuple(options.targets)
    )


def _together(
    base: _Wanted, new: _Wanted, options: argparse.Namespace, context: Context
) -> tuple[Side, Side]:
    """Sides of other targets alone: one invocation runs both."""
    workspace = context.workspace
    job = Job(
        program_of(workspace),
        workspace,
        (),
        (*new.flags, *options.rest),
        tuple(dict.fromkeys((*base.targets, *new.targets))),
    )
    found = [
        Side(each.name, each.words, job, of_git(workspace), _labels(each, job))
        for each in (base, new)
    ]
    return found[0], found[1]


def _labels(side: _Wanted, job: Job) -> frozenset[str]:
    """The tests that a side's patterns stand for.

    Raises:
        UsageError: there are none.
    """
    query = ["query", "--noshow_progress", f"tests(set({' '.join(side.targets)}))"]
    done = answer(job.program, query, job.workspace)
    labels = frozenset(done.stdout.split())
    if done.returncode or not labels:
        why = f": {done.stderr.strip()}" if done.returncode else " has no tests"
        raise UsageError(f"{side.name}: {' '.join(side.targets)}{why}")
    return labels


def _alone(
    side: _Wanted,
    trees: Trees | None,
    options: argparse.Namespace,
    context: Context,
    folder: Path,
    stack: contextlib.ExitStack,
) -> Side:
    """A side with an invocation of its own.

    New, as the files are, is built where the user builds it; all else beside that, by a server of
    its own, whose caches stay warm for the next time.
    """
    workspace = context.workspace
    revision = of_git(workspace)
    if side.commit:
        assert trees is not None
        workspace = stack.enter_context(trees.at(side.commit, folder / side.name))
        revision = Revision(side.commit, "", False, "git")
    startup: tuple[str, ...] = ()
    if side.commit or side.name == _BASE:
        startup = (f"--output_base={folder / f'output_{side.name}'}",)
    job = Job(
        program_of(workspace),
        workspace,
        startup,
        (*options.rest, *side.flags),
        side.targets,
    )
    if startup:
        stack.callback(shut_down, job)
    return Side(side.name, side.words, job, revision)
