# SPDX-License-Identifier: Apache-2.0
"""What the program ends with when something goes wrong that no command knows of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from absl.testing import absltest

from ktstr.command.history import runs
from tests.support.commanding import ktstr
from tests.support.saved_results import made, save

_EXPORT = """
import os, sys
from ktstr.command.context import Context
from ktstr.command.main import main
sys.exit(main(["export", "--history=h.sqlite"], Context.of(os.environ)))
"""

_HEAVY = ("ktstr.judge.judge", "ktstr.page.suite", "numpy", "jinja2")
_LOADED = f"""
import sys
import ktstr.command.main
print(*(name for name in {_HEAVY} if name in sys.modules))
"""


class StartTest(absltest.TestCase):
    def test_what_few_commands_need_is_not_loaded_by_all(self) -> None:
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(
            [sys.executable, "-c", _LOADED], env=environ, capture_output=True, text=True, check=True
        )
        self.assertEqual(done.stdout.split(), [])


class ExitCodeTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.top = Path(self.create_tempdir().full_path)

    def test_an_answer_that_cannot_be_written(self) -> None:
        # more than a buffer's worth, and less: the one fails in the middle, the other at the end
        for count in (1, 60):
            for number in range(count):
                save(made(f"t{number}", plan=str(number)), self.top / "logs")
            ktstr("import", "logs", "--history=h.sqlite", here=self.top)
            environ = {
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "BUILD_WORKING_DIRECTORY": str(self.top),
                "PYTHONUNBUFFERED": "",  # what has a buffer finds out at the end
            }
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [sys.executable, "-c", _EXPORT],
                    env=environ,
                    stdout=full,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("No space left on device", done.stderr)
            if count == 1:
                self.assertIn("cannot write the answer: ", done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_errors_that_nobody_foresaw_are_not_something_worse(self) -> None:
        for error, told in (
            (ValueError("\033[31mred"), "an error of ktstr itself, which is to be reported"),
            (PermissionError(13, "Permission denied", "/x"), "the system refused what was asked"),
        ):
            with mock.patch.object(runs, "run", side_effect=error):
                said = ktstr("runs", here=self.top)
            self.assertEqual((said.code, said.out), (3, ""))
            self.assertIn(told, said.err)
            self.assertNotIn("\033", said.err)


if __name__ == "__main__":
    absltest.main()
