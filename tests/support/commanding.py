# SPDX-License-Identifier: Apache-2.0
"""`ktstr` run in this process."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ktstr.command.context import Context
from ktstr.command.main import main


class Said(NamedTuple):
    """Exit code, and what came on standard output and standard error."""

    code: int
    out: str
    err: str


def ktstr(*arguments: str | Path, here: Path, environ: Mapping[str, str] | None = None) -> Said:
    """Runs a command line of somebody who stands in `here`."""
    out, err = io.StringIO(), io.StringIO()
    context = Context(here, environ or {}, out, err)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(each) for each in arguments], context)
        except SystemExit as end:  # argparse's way
            code = int(str(end.code))
    return Said(code, out.getvalue(), err.getvalue())
