# SPDX-License-Identifier: Apache-2.0
"""A shell in the guest of a ktstr_test, with its scheduler, payloads and disks.

  ktstr shell //my:test
  ktstr shell //my:test -- --exec 'cat /proc/version'

--json prints the command alone.
"""

from __future__ import annotations

import argparse

from ktstr.command.context import Context
from ktstr.command.workspace.bazel import program, run_bazel
from ktstr.model.errors import UsageError

HELP = "a shell in the guest of a test"

_SHELL = ".shell"


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.add_argument("target", metavar="TARGET", help="a ktstr_test")


def run(options: argparse.Namespace, context: Context) -> int:
    """Has Bazel run it, and ends as it does.

    Raises:
        UsageError, InfraError: it is no label, or Bazel cannot be started.
    """
    target = options.target.removesuffix(_SHELL)
    if target.startswith("-") or (":" not in target and "//" not in target):
        raise UsageError(f"{options.target!r} is no label of a target; //my:test is")
    words = ["run", f"{target}{_SHELL}"]
    if options.rest:
        words += ["--", *options.rest]
    if options.json:
        context.answer({"command": [program(context), *words]})
        return 0
    return run_bazel(context, words)
