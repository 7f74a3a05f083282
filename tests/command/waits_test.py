# SPDX-License-Identifier: Apache-2.0
"""`ktstr waits` reads what a test leaves."""

import json
from pathlib import Path

from absl.testing import absltest

from ktstr.introspect.trace.events import Decisions, Event
from ktstr.introspect.trace.lines import lines, read_lines
from tests.support.commanding import Said, ktstr

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

    def ktstr(self, *arguments: str) -> Said:
        return ktstr("waits", str(self.path), *arguments, here=self.path.parent)

    def test_a_trace_is_read_as_it_was_written(self) -> None:
        with self.path.open() as file:
            self.assertEqual(read_lines(file), _TRACE)

    def test_a_task_by_name_and_by_pid(self) -> None:
        for task in ("w0.0.0", "7"):
            said = self.ktstr(task)
            self.assertEqual((said.code, said.err), (0, "ktstr: there was no room\n"))
            self.assertEqual(
                said.out,
                "w0.0.0 (7) was ready 1 times, and waited 8.0 us for a CPU\n"
                "  8.0 us from 0.000001s, until CPU 0 took it; "
                "there ran meanwhile: w0.0.1 (8) 8.0 us\n",
            )

    def test_how_it_slept_and_who_ran_when_it_was_woken(self) -> None:
        woken = Event(12_000, 0, "waking", ("pid", "by"), (7, 8))
        again = Event(15_000, 0, "switch", _SWITCH, (8, 7, "R"))
        gone = Event(16_000, 0, "switch", _SWITCH, (7, 8, "D"))
        last = Event(18_000, 0, "waking", ("pid", "by"), (7, 0))
        off = Event(10_000, 0, "switch", _SWITCH, (7, 8, "S"))
        trace = Decisions(1, (*_TRACE.events, off, woken, again, gone, last), _TRACE.names)
        self.path.write_text("".join(lines(trace)))
        self.assertEqual(
            self.ktstr("7", "--most=1").out.splitlines()[2:],
            [
                "  slept (D) 1 times, 2.0 us in all",
                "  slept (S) 1 times, 2.0 us in all",
                "  times that these ran when it was woken: w0.0.1 (8) 1",
            ],
        )
        self.assertIn("w0.0.1 (8) 1, idle (0) 1\n", self.ktstr("7").out)

    def test_as_json(self) -> None:
        (task,) = json.loads(self.ktstr("7", "--json").out)
        self.assertEqual((task["pid"], task["name"]), (7, "w0.0.0"))
        (wait,) = task["waits"]
        self.assertEqual((wait["began_ns"], wait["ended_ns"], wait["cpu"]), (1_000, 9_000, 0))
        self.assertEqual(wait["others"], [[8, 8_000]])

    def test_without_a_task_all_are_listed(self) -> None:
        self.assertEqual(self.ktstr().out, "idle (0)\nw0.0.0 (7)\nw0.0.1 (8)\n")
        data = json.loads(self.ktstr("--json").out)
        self.assertEqual(data[1], {"pid": 7, "name": "w0.0.0"})

    def test_what_is_no_trace_or_not_in_it(self) -> None:
        said = self.ktstr("w0.0.2")
        self.assertEqual(said.code, 3)
        self.assertIn("has no task 'w0.0.2' (did you mean", said.err)
        for text in ("", "x", "[]", '{"cpus":1}\n', '{"cpus": 1, "tasks": {"a": "b"}}\n'):
            self.path.write_text(text)
            said = self.ktstr("7")
            self.assertEqual(said.code, 3, text)
            self.assertIn("is no trace of decisions", said.err)
        self.path.unlink()
        self.assertIn("cannot read the trace", self.ktstr("7").err)


if __name__ == "__main__":
    absltest.main()
