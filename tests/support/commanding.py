# SPDX-License-Identifier: Apache-2.0
"""`ktstr` run in this process."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from absl.testing import parameterized

from ktstr.command.context import Context
from ktstr.command.main import main
from ktstr.result import result_pb2
from tests.support.saved_results import save


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


class CommandTest(parameterized.TestCase):
    """Tests of somebody who stands in a workspace, with a history of their own."""

    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)
        (self.top / "MODULE.bazel").touch()
        self.logs = self.top / "bazel-testlogs"

    def run_ktstr(self, *arguments: str | Path, here: str = "") -> Said:
        environ = {"KTSTR_HISTORY": str(self.top / "history.sqlite"), "HOME": str(self.top)}
        return ktstr(*arguments, here=self.top / here, environ=environ)

    def keep(self, *results: result_pb2.Result) -> None:
        for each in results:
            save(each, self.logs)
        said = self.run_ktstr("import", self.logs)
        self.assertEqual(said.code, 0, said.err)
