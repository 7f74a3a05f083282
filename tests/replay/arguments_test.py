# SPDX-License-Identifier: Apache-2.0
"""What NAME.replay may be told on the command line."""

import contextlib
import io
from pathlib import Path

from absl.testing import absltest, parameterized

from ktstr.runner.arguments import parse_arguments
from ktstr.runner.replay.arguments import Look, Of, Replay, When, instant

_CONFIG = ["--config", "t.config.json"]
_REPLAY = [*_CONFIG, "--replay", "bin/main"]
_MAIN = Path("bin/main")


class ArgumentsTest(parameterized.TestCase):
    def _refused(self, *words: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
            parse_arguments(words)
        self.assertEqual(ended.exception.code, 3)
        return said.getvalue()

    @parameterized.parameters(
        (["--function=schedule"], Replay(_MAIN, function="schedule")),
        (
            ["--function=schedule", "--hit=3", "--at=1.5s", "--test=one", "--script=s.py"],
            Replay(
                _MAIN,
                "one",
                "schedule",
                3,
                When(Of.TIME_LINE, 1_500_000_000, "1.5s"),
                script=Path("s.py"),
            ),
        ),
        (
            ["--at=event:12", "--print"],
            Replay(_MAIN, when=When(Of.EVENT, 12, "event:12"), look=Look.PRINT),
        ),
        (
            ["--before", "failure", "5ms", "--gdb", "--port=4000", "--write"],
            Replay(
                _MAIN,
                when=When(Of.FAILURE, 5_000_000, "5ms before the failure"),
                look=Look.GDB,
                port=4000,
                write=True,
            ),
        ),
    )
    def test_what_is_asked(self, words: list[str], expected: Replay) -> None:
        self.assertEqual(parse_arguments([*_REPLAY, *words]).replay, expected)

    @parameterized.parameters(
        ("1.234567s", Of.TIME_LINE, 1_234_567_000),
        ("20ms", Of.TIME_LINE, 20_000_000),
        ("1.5us", Of.TIME_LINE, 1_500),
        ("2", Of.TIME_LINE, 2_000_000_000),
        ("guest:10.000000001s", Of.GUEST, 10_000_000_001),
        ("event:1", Of.EVENT, 1),
    )
    def test_instants(self, text: str, of: Of, count: int) -> None:
        self.assertEqual(instant(text), When(of, count, text))

    @parameterized.parameters(
        ([], "it is to stand where? A .replay takes [--test NAME]"),
        (["--at=schedule"], "'schedule' is no instant: 1.5s or 20ms as the report's time line"),
        (["--at=event:0"], "'event:0' is no instant"),
        (["--at=-1s"], "'-1s' is no instant"),
        (["--at=host:1s"], "'host:1s' is no instant"),
        (["--function=f", "--hit=0"], "argument --hit: invalid count value: '0'"),
        (["--function=f", f"--hit={(1 << 32) + 1}"], "calls are counted up to 4294967296"),
        (["--at=1s", "--hit=2"], "--hit counts calls of --function, which is not given"),
        (["--at=event:3", "--function=f"], "--at event:N says the function itself"),
        (["--at=1s", "--before", "failure", "5ms"], "--at and --before exclude each other"),
        (["--before", "end", "5ms"], "--before end 5ms: say --before failure 5ms"),
        (["--before", "failure", "soon"], "--before failure soon: say --before failure 5ms"),
        (["--at=1s", "--gdb", "--print"], "--print, --gdb and --script exclude each other"),
        (["--at=1s", "--write"], "--port and --write are of --gdb, which is not given"),
        (["--at=1s", "schedule"], "unknown argument 'schedule'; a .replay takes [--test NAME]"),
    )
    def test_what_is_refused(self, words: list[str], message: str) -> None:
        self.assertIn(message, self._refused(*_REPLAY, *words))

    def test_a_test_takes_none_of_it(self) -> None:
        for words in (["--at=1s"], ["--function=f"], ["--print"], ["--before", "failure", "1ms"]):
            said = self._refused(*_CONFIG, *words)
            self.assertIn("this is no NAME.replay, which alone takes [--test NAME]", said)


if __name__ == "__main__":
    absltest.main()
