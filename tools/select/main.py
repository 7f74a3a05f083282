# SPDX-License-Identifier: Apache-2.0
"""Chooses the test targets that cover most within a time.

    tools/bazel test $(tools/bazel run //tools/select -- --budget=600 //sched/...)

Labels go to standard output, in the order of choice, and a summary to standard error. Targets that
are tagged `manual` are left out, but for the variants of gauntlets.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import app, flags

from ktstr.model.errors import InfraError, UsageError
from tools.select.candidates import Candidate, Target, candidate
from tools.select.choose import Selection, choose
from tools.select.durations import measured_s
from tools.select.functions import Function, functions_of
from tools.select.query import Bazel

_BUDGET = flags.DEFINE_float(
    "budget", None, "Seconds that the chosen targets may take, one after another.", required=True
)


def main(argv: Sequence[str]) -> int:
    """Prints the choice; returns 1 when there is nothing to choose, 3 for a mistake in asking."""
    try:
        return _select(argv[1:], _BUDGET.value)
    except (UsageError, InfraError) as error:
        print(f"ERROR {error}", file=sys.stderr)
        return 3


def _select(patterns: Sequence[str], budget_s: float) -> int:
    if not budget_s > 0:
        raise UsageError(f"--budget is {budget_s:g}; it is a number of seconds above 0")
    if not [each for each in patterns if not each.startswith("-")]:
        raise UsageError("no target is named; name patterns such as //sched/...")
    workspace = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", "."))
    bazel = Bazel(workspace, Path(os.environ.get("BUILD_WORKING_DIRECTORY", workspace)))
    targets = bazel.targets(patterns)
    wanted = [each for each in targets if _is_wanted(each)]
    if not wanted:
        found = f"{len(targets)} are, all manual" if targets else "none is"
        raise UsageError(f"no ktstr_test to choose from among {' '.join(patterns)}: {found}")
    testlogs = bazel.testlogs()
    candidates = [_candidate(workspace, testlogs, each) for each in wanted]
    selection = choose(candidates, budget_s)
    for each in selection.chosen:
        print(each.label)
    print(_summary(selection, candidates, budget_s, len(targets) - len(wanted)), file=sys.stderr)
    return 0 if selection.chosen else 1


def _is_wanted(target: Target) -> bool:
    return "manual" not in target.tags or "gauntlet" in target.tags


def _candidate(workspace: Path, testlogs: Path, target: Target) -> Candidate:
    functions = [each for label in target.sources for each in _functions(workspace, label)]
    return candidate(target, functions, measured_s(testlogs, target.label))


def _functions(workspace: Path, label: str) -> tuple[Function, ...]:
    if not label.startswith("//"):
        return ()
    package, _, name = label[2:].partition(":")
    try:
        return functions_of((workspace / package / name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ()


def _summary(
    selection: Selection, candidates: Sequence[Candidate], budget_s: float, manual: int
) -> str:
    chosen = selection.chosen
    functions = sum(each.functions for each in chosen)
    measured = sum(each.measured for each in chosen)
    lines = [
        f"selected {len(chosen)} of {len(candidates)} targets, "
        f"{selection.seconds:.0f} of {budget_s:.0f} s, "
        f"{len(selection.covered)} of {len(selection.possible)} features",
        f"the time of {measured} of {functions} functions was measured, of the others estimated",
    ]
    missing = sorted(selection.possible - selection.covered)
    if missing:
        lines.append(f"not covered: {' '.join(missing)}")
    if manual:
        lines.append(f"{manual} manual targets, which are no gauntlet's, were left out")
    if not chosen:
        cheapest = min(candidates, key=lambda each: (each.seconds, each.label))
        lines.append(f"the cheapest, {cheapest.label}, takes {cheapest.seconds:.0f} s")
    return "\n".join(lines)


if __name__ == "__main__":
    app.run(main)
