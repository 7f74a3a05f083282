# SPDX-License-Identifier: Apache-2.0
"""The checks of a target's tests: each threshold, which layer set it, and what was measured.

They are those of the target's last run, as its results have them: defaults, under the scheduler's,
under the test's, under those of single steps.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ktstr.command.context import Context, table
from ktstr.command.outputs.testlogs import results_below
from ktstr.model.errors import UsageError
from ktstr.result import result_pb2
from ktstr.result.characters import one_line

HELP = "the checks of a target, and where each comes from"


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("target", metavar="TARGET", help="//my:test, or a folder with its results")


def run(options: argparse.Namespace, context: Context) -> int:
    """Lists them.

    Raises:
        UsageError: the target has no results.
    """
    read = results_below(_folder(options.target, context), context)
    found = read.results
    if options.json:
        context.answer(
            [
                {
                    "label": each.identity.label,
                    "test": each.identity.test,
                    "checks": list(checks_of(each)),
                }
                for each in found
            ]
        )
        return read.code
    for each in found:
        context.say(one_line(f"{each.identity.label}::{each.identity.test}"))
        head = ("check", "step", "limit", "set by", "measured", "verdict")
        rows = [[_cell(check[name]) for name in head] for check in checks_of(each)]
        context.say(*(f"  {line}" for line in table([head, *rows])))
    return read.code


def checks_of(result: result_pb2.Result) -> Iterator[dict[str, Any]]:
    """Each check that was on, of the run, then of steps.

    Raises:
        UsageError: the plan is not of this form.
    """
    measured = {(each.name, _step(each)): each for each in result.checks}
    try:
        plan = json.loads(result.identity.plan_json)
        limits, layers = plan["checks"], plan["check_layers"]
        told: list[tuple[str, int | None, Any, str]] = [
            (name, None, limits[name], layers.get(name, ""))
            for name in sorted(limits)
            if not name.startswith("@") and limits[name] not in (None, False)
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"the plan of {result.identity.label}::{result.identity.test} is of another version "
            f"than this ktstr: {error}"
        ) from error
    told += [
        (each.name, each.step, each.limit if each.HasField("limit") else True, each.layer)
        for each in result.checks
        if each.HasField("step")
    ]
    for name, step, limit, layer in told:
        found = measured.get((name, step))
        yield {
            "check": name,
            "step": step,
            "limit": limit,
            "set by": layer,
            "measured": found.measured if found and found.HasField("measured") else None,
            "verdict": result_pb2.Verdict.Name(found.verdict) if found else None,
        }


def _step(check: result_pb2.Check) -> int | None:
    return check.step if check.HasField("step") else None


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if value is True:
        return "on"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _folder(target: str, context: Context) -> Path:
    if "//" not in target:
        return context.path(target)
    package, _, name = target.partition("//")[2].partition(":")
    folder = context.workspace / "bazel-testlogs" / package / (name or package.rpartition("/")[2])
    if not folder.is_dir():
        raise UsageError(f"{target} has no results in {folder}: run it first, with bazel test")
    return folder
