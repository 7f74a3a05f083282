# SPDX-License-Identifier: Apache-2.0
"""The runner's command line and the target it names."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.model.codec import decode
from ktstr.model.errors import UsageError
from ktstr.model.target import Target


@dataclass(frozen=True)
class Arguments:
    """`config` is the target's NAME.config.json; `shell` asks for a terminal in its guest."""

    config: Path
    shell: bool


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Reads the command line.

    Raises:
        SystemExit: with status 3 and a message when it is malformed, 0 after --help.
    """
    parser = _Parser(description="Runs the tests of a ktstr_test target.", allow_abbrev=False)
    parser.add_argument("--config", type=Path, required=True, help="NAME.config.json of the target")
    parser.add_argument("--shell", action="store_true", help="a shell in the guest, not its tests")
    known = parser.parse_args(argv)
    return Arguments(known.config, known.shell)


def load_target(path: Path) -> Target:
    """Reads what the ktstr_test rule wrote.

    Raises:
        UsageError: the file is missing or not of this version.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--config {path}: {error.strerror}") from error
    try:
        return decode(Target, json.loads(text))
    except ValueError as error:
        raise UsageError(f"--config {path} is no JSON: {error}") from error


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(3, f"{self.prog}: {message}\n")
