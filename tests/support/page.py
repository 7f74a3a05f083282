# SPDX-License-Identifier: Apache-2.0
"""Pages of the documentation that a program writes: `bazel run TARGET -- --write`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ktstr.machine.output import write_atomically


def page_to_write(parser: argparse.ArgumentParser, name: str) -> Path:
    """The page in the workspace; asked for before hours of work are put into what it is to say.

    Raises:
        SystemExit: nobody has told where the workspace is.
    """
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if not workspace:
        parser.error(
            f"--write replaces {name} in the workspace, and `bazel run` alone tells where that is; "
            f"start it so, or leave --write out and have it printed"
        )
    return Path(workspace, name)


def write_page(path: Path, text: str) -> None:
    """The page whole, or as it was.

    Raises:
        InfraError: it cannot be written.
    """
    with write_atomically(path) as file:
        file.write(text.encode())
