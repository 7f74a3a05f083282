# SPDX-License-Identifier: Apache-2.0
"""The command line of `ktstr`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import ModuleType
from typing import NoReturn

from ktstr.command import completion, topology
from ktstr.command.history import (
    clean,
    compare,
    export,
    imports,
    page,
    runs,
    trend,
)
from ktstr.command.outputs import (
    checks,
    coverage,
    difference,
    rejudge,
    show,
    snapshots,
    verifier,
    waits,
)
from ktstr.command.workspace import (
    fuzz,
    kernels,
    perf_delta,
    replay,
    shell,
    test,
)

COMMANDS: Mapping[str, ModuleType] = {
    "test": test,
    "show": show,
    "page": page,
    "rejudge": rejudge,
    "import": imports,
    "runs": runs,
    "compare": compare,
    "perf-delta": perf_delta,
    "difference": difference,
    "waits": waits,
    "snapshots": snapshots,
    "trend": trend,
    "export": export,
    "replay": replay,
    "fuzz": fuzz,
    "checks": checks,
    "verifier": verifier,
    "coverage": coverage,
    "kernels": kernels,
    "topology": topology,
    "shell": shell,
    "clean": clean,
    "completion": completion,
}
# What stands behind `--` is another program's.
FORWARDING = ("test", "replay", "fuzz", "shell", "perf-delta")
_ERROR = 3
# What begins the sentence of a command that says more of its exit codes.
_OWN_CODES = "Exit codes:"
_CODES = "exit codes: 0 well, 1 what the command looks for was found, 2 data are missing, 3 error"


class Parser(argparse.ArgumentParser):
    """Ends with 3 for mistakes: 1 and 2 have meanings of their own."""

    def error(self, message: str) -> NoReturn:
        """Names the mistake, and where help is."""
        self.exit(_ERROR, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser_of() -> Parser:
    """The parser of all commands; `command` names the one that was chosen."""
    parser = Parser(
        prog="ktstr",
        description="Results of scheduler tests: shown, kept and compared.",
        epilog=f"{_CODES}. `ktstr COMMAND --help` tells more of a command.",
        allow_abbrev=False,
    )
    parser.set_defaults(whole=parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            epilog=None if _OWN_CODES in (module.__doc__ or "") else _CODES,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        one.add_argument("--json", action="store_true", help="answer with JSON")
        module.add(one)
    return parser
