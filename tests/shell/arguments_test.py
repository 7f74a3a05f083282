# SPDX-License-Identifier: Apache-2.0
"""What a test and its .shell may be told on the command line."""

import contextlib
import io
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.runner.arguments import Arguments, Command, parse_arguments

_CONFIG = ["--config", "t.config.json"]


class ArgumentsTest(parameterized.TestCase):
    def _refused(self, *words: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
            parse_arguments([*_CONFIG, *words])
        self.assertEqual(ended.exception.code, 3)
        return said.getvalue()

    def test_a_terminal_and_a_command(self) -> None:
        shell = parse_arguments([*_CONFIG, "--shell"])
        self.assertEqual(shell, Arguments(Path("t.config.json"), True))
        self.assertTrue(parse_arguments([*_CONFIG, "--play"]).play)
        told = parse_arguments([*_CONFIG, "--shell", "--exec", "cat /proc/version"])
        self.assertEqual(told.command, Command("cat /proc/version", 60.0))
        told = parse_arguments([*_CONFIG, "--shell", "--exec", "ls -l", "--timeout", "0.5"])
        self.assertEqual(told.command, Command("ls -l", 0.5))

    @parameterized.parameters(
        (["--shell", "cat", "/proc/version"], "unknown argument 'cat'; a .shell takes nothing, or"),
        (
            ["--shell", "--verbose"],
            "unknown argument '--verbose'; a .shell takes nothing, or --exec",
        ),
        (
            ["--filter=x"],
            "unknown argument '--filter=x'; a test takes none; its .shell takes --exec",
        ),
        (["--shell", "--play"], "--play is of a test, and not of its .shell"),
        (["--shell", "--exec", " "], "--exec ' ' is no command"),
        (["--shell", "--exec"], "--exec: expected one argument"),
        (["--exec", "true"], "--exec is an argument of NAME.shell"),
        (["--shell", "--timeout", "3"], "--timeout is of --exec 'COMMAND', which is not given"),
        (["--shell", "--exec", "true", "--timeout", "0"], "--timeout: invalid seconds value: '0'"),
        (["--shell", "--exec", "true", "--timeout", "inf"], "invalid seconds value: 'inf'"),
    )
    def test_what_is_refused(self, words: list[str], message: str) -> None:
        self.assertIn(message, self._refused(*words))


if __name__ == "__main__":
    absltest.main()
