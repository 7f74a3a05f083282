# SPDX-License-Identifier: Apache-2.0
"""The kernels that this workspace can test on, and the release that results last saw of each."""

from __future__ import annotations

import argparse

from ktstr.command.context import Context, table
from ktstr.command.outputs.testlogs import results_below
from ktstr.command.workspace.bazel import query
from ktstr.model.errors import UsageError

HELP = "the kernels of this workspace"

_RULES = 'kind("^(_kernel_image|prebuilt_kernel) rule$", {})'
_EVERYWHERE = ("//...", "@kernels//...")
_NO_DATA = 2


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument(
        "patterns",
        nargs="*",
        metavar="PATTERN",
        default=_EVERYWHERE,
        help=f"where to look; default: {' '.join(_EVERYWHERE)}",
    )


def run(options: argparse.Namespace, context: Context) -> int:
    """Lists them; 2 where there is none.

    Raises:
        UsageError, InfraError: Bazel cannot say.
    """
    labels = query(context, _RULES.format(" + ".join(options.patterns)))
    seen = _releases(context)
    found = [(label, seen.get(label.removeprefix("@@"), "")) for label in labels]
    if options.json:
        context.answer([{"label": label, "release": release} for label, release in found])
    else:
        rows = [(label, release or "-") for label, release in found]
        context.say(*table([("kernel", "release seen"), *rows]))
    return 0 if found else _NO_DATA


def _releases(context: Context) -> dict[str, str]:
    try:
        results = results_below(context.workspace / "bazel-testlogs", context).results
    except UsageError:
        return {}  # no test has run yet
    return {
        each.identity.kernel.label.removeprefix("@@"): each.identity.kernel.release
        for each in results
        if each.identity.kernel.release
    }
