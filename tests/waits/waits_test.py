# SPDX-License-Identifier: Apache-2.0
"""The program that says what a task waited for reads what a test leaves."""

import contextlib
import io
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.lines import lines, read_lines
from tools.waits import main

_SWITCH = ("prev", "next", "state")
_TRACE = Decisions(
    1,
    (
        Event(1_000, 0, "switch", _SWITCH, (7, 8, "R")),
        Event(9_000, 0, "switch", _SWITCH, (8, 7, "S")),
    ),
    {0: "idle", 7: "w0.0.0", 8: "w0.0.1"},
    cut=True,
    problem="there was no room",
)


class WaitsTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.create_tempdir().full_path, "trace.jsonl")
        self.path.write_text("".join(lines(_TRACE)))

    def run_main(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return main.main([str(self.path), *arguments]), out.getvalue()

    def test_a_trace_is_read_as_it_was_written(self) -> None:
        with self.path.open() as file:
            self.assertEqual(read_lines(file), _TRACE)

    def test_a_task_by_name_and_by_pid(self) -> None:
        for task in ("w0.0.0", "7"):
            self.assertEqual(
                self.run_main(task),
                (
                    0,
                    "there was no room\n"
                    "w0.0.0 (7) was ready 1 times, and waited 8.0 us for a CPU\n"
                    "  8.0 us from 0.000001s, until CPU 0 took it; "
                    "there ran meanwhile: w0.0.1 (8) 8.0 us\n",
                ),
            )

    def test_without_a_task_all_are_listed(self) -> None:
        self.assertEqual(
            self.run_main(), (0, "idle (0)\nw0.0.0 (7)\nw0.0.1 (8)\nthere was no room\n")
        )

    def test_what_is_no_trace_or_not_in_it(self) -> None:
        code, said = self.run_main("w0.0.2")
        self.assertEqual(code, 3)
        self.assertIn("has no task 'w0.0.2' (did you mean", said)
        for text in ("", "x", "[]", '{"cpus":1}\n', '{"cpus": 1, "tasks": {"a": "b"}}\n'):
            self.path.write_text(text)
            code, said = self.run_main("7")
            self.assertEqual(code, 3, text)
            self.assertIn("is no trace of ktstr's", said)
        self.path.unlink()
        self.assertIn("cannot read", self.run_main("7")[1])


if __name__ == "__main__":
    absltest.main()
